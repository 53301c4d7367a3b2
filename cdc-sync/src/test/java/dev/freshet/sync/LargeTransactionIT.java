package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Lsn;
import java.sql.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One transaction that is larger than the sync's memory. */
class LargeTransactionIT extends SyncTest {

  /** In the long form as many as are promised; the sync's process has 512 MiB in both. */
  private static final int CHANGES = Boolean.getBoolean("freshet.long") ? 2_000_000 : 200_000;

  private static final String ROWS =
      "select g, g %% 1000, repeat('text of ' || g, 10) from generate_series(%d, %d) g";

  @Test
  void isAppliedWholeAndReadersNeverSeeHalfOfIt() throws Exception {
    onPrimary("create table entry (id int primary key, account int, note text)");
    onPrimary("insert into entry " + ROWS.formatted(1, 10));
    model("entry", "/* key: id */ select e.id, e.account, e.note from entry e");
    model(
        "account",
        "/* key: account */ select e.account, count(*) as n, max(e.id) as last from entry e group by e.account");
    SyncProcess process = SyncProcess.start(properties(Map.of()), List.of(), folder.resolve("log"));
    try {
      awaitInStep("entry", "account");
      onPrimary("insert into entry " + ROWS.formatted(11, 10 + CHANGES));
      String seen = "10 10";
      Instant end = Instant.now().plus(PATIENCE.multipliedBy(3));
      while (seen.equals("10 10") && Instant.now().isBefore(end)) {
        // One statement: both models are at one position.
        seen =
            read(
                "select (select count(*) from read.entry) || ' ' || (select sum(n) from read.account)");
      }
      assertThat(seen).isEqualTo((10 + CHANGES) + " " + (10 + CHANGES));
      onPrimary("delete from entry where id % 10 <> 0");
      awaitApplied();
      assertThat(read("select count(*) || ' ' || max(id) from read.entry"))
          .isEqualTo(query(primary(), "select count(*) || ' ' || max(id) from entry"));
    } finally {
      process.stop();
    }
  }

  @Test
  void statusAnswersWhileOneChangeTouchesManyRowsOfAModel() throws Exception {
    int rows = Boolean.getBoolean("freshet.long") ? 400_000 : 100_000;
    onPrimary(
        "create table rate (id int primary key, v int); insert into rate values (1, 1), (2, 1)");
    onPrimary("create table sale (id int primary key, rate_id int)");
    onPrimary("insert into sale select g, 1 from generate_series(1, %d) g".formatted(rows));
    model("sale", "/* key: id */ select s.id, r.v from sale s join rate r on r.id = s.rate_id");
    model("rate", "/* key: id */ select r.id, r.v from rate r");
    sync = startSync();
    awaitInStep("sale", "rate");
    onPrimary("update rate set v = 2");
    Lsn written;
    try (Connection connection = connect(primary())) {
      written = PrimaryPosition.ask(connection).lsn();
    }
    int answers = 0;
    while (true) {
      get("/api/sync");
      get("/api/models");
      assertThat(get("/api/dead-letters")).isEqualTo("[]");
      if (Lsn.parse(read("select lsn from freshet.position")).compareTo(written) >= 0) {
        break;
      }
      answers++;
    }
    // Whoever had waited for the batch would have been answered after it.
    assertThat(answers).isPositive();
    awaitInStep("sale", "rate");
  }
}
