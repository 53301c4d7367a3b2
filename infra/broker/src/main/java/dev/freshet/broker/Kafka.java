package dev.freshet.broker;

import dev.freshet.process.JavaProcess;
import java.util.List;

/** What its programs have in common. */
final class Kafka {

  /** A flood that says nothing of ours: the queue of Debezium's metrics is not read. */
  static final List<String> QUIET = List.of("dev.freshet.debezium.metrics");

  private Kafka() {}

  /** Its class path. */
  static String jars() {
    return JavaProcess.built("infra/broker/target/kafka").resolve("*").toString();
  }
}
