package dev.freshet.bench.consistency;

/** By which way changes get to the copies that are no replicas. */
public enum Topology {
  /** To a read database by a slot on the primary. */
  SLOT,
  /** To two read databases that follow a log on a broker. */
  LOG,
  /** On from such a read database to a search store; clients read that one and the primary. */
  STORE
}
