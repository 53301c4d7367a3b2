package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NewModelsIT extends SyncTest {

  private static final List<String> NAMES = List.of("m1", "m2", "m3", "m4");

  private void declareAll() throws Exception {
    for (String name : NAMES) {
      model(name, "/* key: id */ select id, v from t_%s".formatted(name));
    }
  }

  private void makeTables() throws Exception {
    StringBuilder tables = new StringBuilder();
    for (String name : NAMES) {
      tables.append("create table t_%1$s (id int primary key, v int);".formatted(name));
    }
    onPrimary(tables.toString());
  }

  private boolean areLive(int count) throws Exception {
    return !read("select to_regclass('freshet.model')").equals("null")
        && read("select count(*) from freshet.model where state = 'live'")
            .equals(String.valueOf(count));
  }

  @Test
  void whoeverAsksForTheModelsIsToldOfAllThatAreNew() throws Exception {
    makeTables();
    declareAll();
    sync = startSync();
    await(() -> !read("select to_regclass('freshet.model')").equals("null"));
    await(
        () -> {
          assertThat(read("select count(*) from freshet.model")).isIn("0", "4");
          return areLive(4);
        });
  }

  @Test
  void modelThatIsLiveIsAViewOnTheSourceAlready() throws Exception {
    makeTables();
    model(
        "all_of_them",
        "/* key: id */ select a.id, b.v as b, c.v as c, d.v as d from t_m1 a join t_m2 b on b.id = a.id join t_m3 c on c.id = a.id join t_m4 d on d.id = a.id");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("all_of_them");
    declareAll();
    await(
        () -> {
          for (String name : NAMES) {
            if (read("select count(*) from freshet.model where name = '%s' and state = 'live'"
                    .formatted(name))
                .equals("1")) {
              assertThat(query(primary(), "select to_regclass('read.%s')".formatted(name)))
                  .as("view of %s", name)
                  .isNotEqualTo("null");
            }
          }
          return areLive(5);
        });
  }

  /** Refused for a table that is followed: its answer changes while no row does. */
  private static final String OF_TODAY =
      "/* key: id */ select t.id, t.v, now() > timestamptz '2000-01-01' as late from t_m1 t";

  private String reason(String model) throws Exception {
    Matcher told =
        Pattern.compile("\"name\":\"%s\".*?\"reason\":\"(.*?[^\\\\])\"".formatted(model))
            .matcher(get("/api/models"));
    return told.find() ? told.group(1) : "";
  }

  @Test
  void modelThatIsRefusedIsAViewOnTheSourceAllTheSame() throws Exception {
    makeTables();
    onPrimary("insert into t_m1 values (1, 7)");
    model("today", OF_TODAY);
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitState("refused");
    await(() -> !query(primary(), "select to_regclass('read.today')").equals("null"));
    assertThat(query(primary(), "select v from read.today")).isEqualTo("7");
    declareAll();
    await(() -> areLive(4));
    await(() -> reason("today").contains("now"));
    await(
        () ->
            reason("today").endsWith("The primary and its replicas answer it, by its view there."));
    onPrimary("drop view read.today");
    await(() -> !query(primary(), "select to_regclass('read.today')").equals("null"));
  }

  @Test
  void modelThatNoCopyAnswersSaysSo() throws Exception {
    makeTables();
    declareAll();
    model("today", OF_TODAY);
    sync = startSync();
    await(() -> areLive(4));
    await(() -> reason("today").endsWith("No copy answers it: the primary has no view of it."));
  }

  @Test
  void viewOfADeclarationThatIsRefusedDoesNotDifferFromTheTableThatServes() throws Exception {
    makeTables();
    onPrimary("insert into t_m1 values (1, 7)");
    declareAll();
    model("today", "/* key: id */ select t.id, t.v from t_m1 t");
    sync = startSync(Map.of("freshet.sync.views", true));
    await(() -> areLive(5));
    model("today", OF_TODAY);
    await(() -> reason("today").contains("now"));
    sync.close();
    sync = startSync(Map.of("freshet.sync.views", true));
    await(() -> reason("today").contains("now"));
    assertThat(
            query(
                primary(),
                "select count(*) from pg_attribute where attrelid = 'read.today'::regclass and attnum > 0"))
        .isEqualTo("2");
  }
}
