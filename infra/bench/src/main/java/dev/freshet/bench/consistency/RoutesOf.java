package dev.freshet.bench.consistency;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * The routes of a whole system: all copies are readers. With a search store only it and the primary
 * are, so that it is read.
 *
 * @param ports the first of the system's ports
 * @param linked where a port is reached
 */
record RoutesOf(KeptInStep kept, Sample sample, int ports, IntUnaryOperator linked) {

  String text() {
    List<String> instances = new ArrayList<>(List.of(instance("primary-reads", 20, "primary")));
    List<String> databases =
        new ArrayList<>(
            List.of(instance("replica-1", 21, "replica"), instance("replica-2", 22, "replica")));
    for (int i = 0; i < kept.count(); i++) {
      databases.add(instance(kept.readers().get(i), 23 + i, "read-database"));
    }
    boolean hasStore = kept.topology() == Topology.STORE;
    if (hasStore) {
      instances.add(instance(KeptInStep.STORE_READER, 23 + kept.count(), "search"));
    } else {
      instances.addAll(databases);
    }
    return """
        version: 1
        routes:
        %s  - id: all
            path: /**
            read: { pool: readers, allow: [eventual, bounded, session, strong]%s }
            write: { pool: writers }
        pools:
          writers:
            instances: [ { id: write-1, url: "http://127.0.0.1:%d" } ]
          readers:
            instances:
        %s"""
            .formatted(
                hasStore
                    ? sample.routes().replace("pool: readers", "pool: databases")
                    : sample.routes(),
                hasStore ? ", wait: 3s" : "", // a batch takes longer here than a copy is waited for
                linked.applyAsInt(ports + 10),
                String.join("", instances))
        + (hasStore ? "  databases:\n    instances:\n" + String.join("", databases) : "");
  }

  private String instance(String id, int offset, String kind) {
    return "      - { id: %s, url: \"http://127.0.0.1:%d\", kind: %s }\n"
        .formatted(id, linked.applyAsInt(ports + offset), kind);
  }
}
