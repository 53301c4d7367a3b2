package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.PostgresServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Models whose texts are searched: the words are kept with the rows, and indexed. */
class SearchedModelsIT extends SyncTest {

  private static final String SEARCHED =
      "select string_agg(id::text, ',' order by id) from read.dishes where \"freshet: search\" @@ websearch_to_tsquery('italian', '%s')";

  @Test
  void wordsFollowTheRowsAndAreNoPartOfThem() throws Exception {
    onPrimary(
        """
        create table dish (id int primary key, name text, items jsonb, price int);
        insert into dish values
          (1, 'Pizza margherita', '[{"name": "Mozzarella"}, {"name": "Pomodori"}]', 7),
          (2, 'Insalata', '[{"name": "Pomodoro", "from": "Pizza"}]', 5), (3, null, null, 1);
        """);
    model(
        "dishes",
        "/*\nkey: id\nsearch: { text: [name, items.name], language: italian }\n*/ select id, name, items from dish");
    model(
        "prices",
        "/*\nkey: price\nsearch: { text: names }\n*/ select price, string_agg(name, ' ' order by id) as names, count(*) as n from dish group by price");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitLive("dishes", "prices");
    assertThat(read(SEARCHED.formatted("pizze"))).isEqualTo("1");
    assertThat(read(SEARCHED.formatted("pomodoro"))).isEqualTo("1,2");
    assertThat(read(SEARCHED.formatted("mozzarella -insalata"))).isEqualTo("1");
    onPrimary(
        "update dish set name = 'Pizza bianca' where id = 3; delete from dish where id = 1; update dish set price = 9");
    awaitApplied();
    assertThat(read(SEARCHED.formatted("pizze"))).isEqualTo("3");
    assertThat(
            read(
                "select price || ' ' || n from read.prices where \"freshet: search\" @@ to_tsquery('simple', 'bianca')"))
        .isEqualTo("9 2");
    for (String verified : List.of("dishes/verify?source=true", "prices/verify")) {
      assertThat(send("POST", "/api/models/" + verified).body())
          .contains("\"missing\":0,\"extra\":0,\"different\":0");
    }
    assertThat(query(primary(), "select count(*) from read.dishes")).isEqualTo("2");
  }

  @Test
  void documentAndEachColumnOfItAreIndexed() throws Exception {
    onPrimary(
        "create table dish (id int primary key, name text, note text); insert into dish select i, 'dish ' || i, 'note ' || i from generate_series(1, 2000) i");
    model(
        "dishes",
        "/*\nkey: id\nsearch: { text: [name, note], language: english }\n*/ select id, name, note from dish");
    sync = startSync();
    awaitLive("dishes");
    assertThat(plan("\"freshet: search\" @@ to_tsquery('english', '77')"))
        .contains("dishes search 1");
    assertThat(plan("to_tsvector('english'::regconfig, name) @@ to_tsquery('english', '77')"))
        .contains("dishes search 2");
  }

  private String plan(String where) throws Exception {
    return read("explain (format json) select id from read.dishes where " + where);
  }

  @Test
  void whatCantBeSearchedStopsTheModelAlone() throws Exception {
    onPrimary(
        "create table dish (id int primary key, search text); insert into dish values (1, 'x')");
    model("fine", "/* key: id */ select id from dish");
    model("absent", "/*\nkey: id\nsearch: { text: title }\n*/ select id from dish");
    model(
        "foreign_words",
        "/*\nkey: id\nsearch: { text: t, language: klingon }\n*/ select id, search as t from dish");
    model("hiding", "/*\nkey: id\nsearch: { text: search }\n*/ select id, search from dish");
    sync = startSync();
    awaitLive("fine");
    awaitReason("absent", "search names title, and there is no such column; there are id");
    awaitReason("foreign_words", "text search configuration \"klingon\" does not exist");
    awaitReason("hiding", "it has a column search");
  }

  @Test
  void roleThatMayNotReadAllOfItCantSearch() throws Exception {
    for (PostgresServer server : List.of(primary(), readServer())) {
      execute(
          server,
          "drop role if exists hidden_from; create role hidden_from; drop role if exists shown_to; create role shown_to");
    }
    onPrimary(
        "create table dish (id int primary key, name text); insert into dish values (1, 'x')");
    model(
        "dishes",
        "/*\nkey: id\nsearch: { text: name }\nhide: { hidden_from: [name], shown_to: [] }\n*/ select id, name from dish");
    sync = startSync();
    awaitLive("dishes");
    String may = "select has_column_privilege('%s', 'read.dishes', 'freshet: search', 'select')";
    assertThat(read(may.formatted("hidden_from"))).isEqualTo("f");
    assertThat(read(may.formatted("shown_to"))).isEqualTo("t");
  }

  @Test
  void roleThatIsNotThereIsNamedInTheStatementThatMakesIt() throws Exception {
    onPrimary("create table dish (id int primary key)");
    model("fine", "/* key: id */ select id from dish");
    model(
        "ruled",
        "/*\nkey: id\npolicies: [ { to: \"not %I there\", using: \"true\" } ]\n*/ select id from dish");
    sync = startSync();
    awaitLive("fine");
    awaitReason("ruled", "make it: create role \"not %I there\", and grant it to the login");
  }

  private void awaitLive(String... models) throws Exception {
    for (String model : models) {
      await(() -> state(model).startsWith("live"));
    }
    awaitApplied();
  }

  private void awaitReason(String model, String reason) throws Exception {
    await(() -> state(model).startsWith("stopped") && state(model).contains(reason));
  }

  private String state(String model) throws Exception {
    return read("select to_regclass('freshet.model')").equals("null")
        ? ""
        : read(
            "select coalesce((select state || ' ' || reason from freshet.model where name = '%s'), '')"
                .formatted(model));
  }
}
