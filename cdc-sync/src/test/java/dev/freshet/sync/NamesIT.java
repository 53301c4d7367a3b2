package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Columns and models may have the names of the aliases in the SQL that keeps them in step. */
class NamesIT extends SyncTest {

  @Test
  void columnsCalledAsAnyAliasIsAreColumns() throws Exception {
    onPrimary(
        """
        create table t (k int primary key, t int, r int, q int, s int, g int, h int, d int, x int, u int, v0 int, m int);
        insert into t select i, i, 1, i, i, i % 3, i, i, i, i, i, i from generate_series(1, 20) i;
        create table r (r int, k int, note text, primary key (r, k));
        insert into r select i, i + 1, 'n' from generate_series(1, 20) i;
        """);
    model("k", "/* key: k */ select k, t, r, q, s, g, h, d, x, u, v0, m from t");
    model("r", "/* key: [r, k] */ select r.r, r.k, r.note, t.t from r left join t on t.k = r.r");
    model(
        "g",
        "/* key: g */ select g, sum(s) as s, count(*) as k, max(x) as t, min(d) as r from t group"
            + " by g");
    sync = startSync();
    awaitInStep("k", "r", "g");
    onPrimary("update t set t = t + 1, s = s * 2, x = 0 where k % 2 = 0");
    onPrimary(
        "delete from t where k in (3, 4); insert into t values (50, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,"
            + " 1)");
    onPrimary("update r set k = k + 100, note = 'o' where r < 5; delete from r where r > 18");
    awaitInStep("k", "r", "g");
    for (String model : new String[] {"k", "r", "g"}) {
      assertThat(send("POST", "/api/models/%s/verify".formatted(model)).body())
          .contains("\"missing\":0,\"extra\":0,\"different\":0");
    }
  }

  @Test
  void verifyComparesWholeRowsOfWhateverColumns() throws Exception {
    onPrimary(
        "create table t (k int primary key, r int, h int); insert into t select i, 1, i from"
            + " generate_series(1, 5) i");
    model("t", "/* key: k */ select k, r, h from t");
    sync = startSync();
    awaitInStep("t");
    execute(readServer(), "update read.t set h = 0 where k = 2");
    assertThat(send("POST", "/api/models/t/verify").body())
        .isEqualTo("{\"model\":\"t\",\"rows\":5,\"missing\":0,\"extra\":0,\"different\":1}");
  }
}
