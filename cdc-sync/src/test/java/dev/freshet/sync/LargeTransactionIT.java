package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

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
}
