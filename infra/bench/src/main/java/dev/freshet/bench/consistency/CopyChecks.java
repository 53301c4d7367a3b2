package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.await;
import static dev.freshet.bench.consistency.Servers.query;

import dev.freshet.cluster.PostgresServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What must be true of the copies while nobody writes. */
final class CopyChecks {

  /**
   * How long an idle copy may take to be found where the primary is. It takes milliseconds; a
   * machine with more to do than it can takes longer, and without a ping it would be never.
   */
  private static final Duration CATCH_UP = Duration.ofSeconds(20);

  private static final Duration LONGEST_ASKING = Duration.ofSeconds(1);

  /** The restaurant's models and their keys. */
  private static final Map<String, String> MODELS =
      Map.of("orders", "id", "board", "order_id", "menu", "sku", "sales", "hour");

  private static final List<String> IN_STORE = List.of("orders", "menu");

  private static final Pattern EQUAL =
      Pattern.compile("\"rows\":[1-9]\\d*,\"missing\":0,\"extra\":0,\"different\":0");

  private final WholeSystem system;
  private final Ledger ledger;

  CopyChecks(WholeSystem system, Ledger ledger) {
    this.system = system;
    this.ledger = ledger;
  }

  /**
   * Nobody writes: these readers get where the primary is, which may have to be brought about.
   *
   * @param readers by id
   */
  void requireThere(List<String> readers) throws Exception {
    String position = system.writerPosition();
    for (String reader : readers) {
      String missing = reader + " was not asked";
      Instant end = Instant.now().plus(CATCH_UP);
      while (!missing.isEmpty() && Instant.now().isBefore(end)) {
        missing = new Readiness(system).missing(reader, position, LONGEST_ASKING);
      }
      if (!missing.isEmpty()) {
        ledger.suspect(Ledger.Promise.IDLE_COPIES_CATCH_UP, Optional.empty(), missing);
      }
    }
  }

  private void requireStored(String model) throws Exception {
    String path = "/api/models/%s/verify".formatted(model);
    try {
      await("the store is equal", () -> EQUAL.matcher(system.kept().follower("POST", path)).find());
    } catch (IllegalStateException e) {
      ledger.suspect(
          Ledger.Promise.COPIES_END_EQUAL,
          Optional.empty(),
          "%s of the search store never was: %s"
              .formatted(model, system.kept().follower("POST", path)));
    }
  }

  /** Nobody writes, and nothing is wrong any more: in the end every copy is what the primary is. */
  void requireEqual() throws Exception {
    List<PostgresServer> copies =
        Stream.concat(
                system.cluster().replicas().stream(), system.cluster().readDatabases().stream())
            .toList();
    for (Map.Entry<String, String> model : MODELS.entrySet()) {
      String all =
          "select md5(string_agg(m::text, ',' order by %s)) from read.%s m"
              .formatted(model.getValue(), model.getKey());
      String there = query(system.primary(), all);
      for (PostgresServer copy : copies) {
        try {
          await("the copy is equal", () -> query(copy, all).equals(there));
        } catch (IllegalStateException e) {
          ledger.suspect(
              Ledger.Promise.COPIES_END_EQUAL,
              Optional.empty(),
              "%s of the server on port %d never was".formatted(model.getKey(), copy.port()));
        }
      }
    }
    if (system.kept().store().isPresent()) {
      for (String model : IN_STORE) {
        requireStored(model);
      }
    }
  }
}
