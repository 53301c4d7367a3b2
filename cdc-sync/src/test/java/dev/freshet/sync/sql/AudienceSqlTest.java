package dev.freshet.sync.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.model.Audience;
import dev.freshet.sync.model.SyncRefused;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AudienceSqlTest {

  private static final Audience AUDIENCE =
      new Audience(
          List.of(new Audience.Policy("web", "owner = 1"), new Audience.Policy("staff", "true")),
          Map.of("web", List.of("cost")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a = current_setting('x')|a = (select current_setting('x'))",
        "a = current_setting('x', true)::json->>'sub'|a = (select current_setting('x', true)::json->>'sub')",
        "a = (current_setting('x')::json -> 'a' ->> 'b')::int|a = ((select current_setting('x')::json -> 'a' ->> 'b'))::int",
        "a / current_setting('x') ->> 'b' = c|a / (select current_setting('x')) ->> 'b' = c",
        "a < current_setting('x')::int|a < (select current_setting('x')::int)",
        "a = 'current_setting(''x'')'|a = 'current_setting(''x'')'",
        "a = pg_catalog.current_setting('x')|a = pg_catalog.current_setting('x')",
        "current_setting('x')::json->>b = c|(select current_setting('x')::json)->>b = c",
      })
  void settingsAreAskedForOnceStatement(String condition, String sql) {
    assertThat(AudienceSql.once(condition)).isEqualTo(sql);
  }

  @Test
  void tableHasPoliciesAndViewTheSameConditionsForWhomTheyAre() {
    assertThat(AudienceSql.onTable(AUDIENCE, "read.t"))
        .containsExactly(
            "alter table read.t enable row level security",
            "create policy \"freshet 1\" on read.t for select to \"web\" using (owner = 1\n)",
            "create policy \"freshet 2\" on read.t for select to \"staff\" using (true\n)");
    assertThat(AudienceSql.inView(AUDIENCE, "select 1\n", "it's me"))
        .isEqualTo(
            "select m.* from (select 1\n) m where case when (select pg_has_role('it''s me', 'usage')) then true else"
                + " (case when (select pg_has_role('web', 'usage')) then coalesce((owner = 1\n), false) else false end"
                + " or case when (select pg_has_role('staff', 'usage')) then coalesce((true\n), false) else false end) end");
    assertThat(AudienceSql.inView(Audience.EVERYBODY, "select 1", "x")).isEqualTo("select 1");
  }

  @Test
  void conditionWithAQueryOfItsOwnIsRefused() {
    assertThatThrownBy(() -> AudienceSql.once("exists (select from membership)"))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("without a query of its own");
  }

  @Test
  void rolesAreGrantedWhatIsNotHiddenFromThem() {
    assertThat(AudienceSql.grants(AUDIENCE, "read.t", List.of("id", "cost")))
        .containsExactly(
            "revoke all on read.t from public",
            "grant usage on schema read to \"staff\"",
            "revoke all on read.t from \"staff\"",
            "grant select on read.t to \"staff\"",
            "grant usage on schema read to \"web\"",
            "revoke all on read.t from \"web\"",
            "grant select (\"id\") on read.t to \"web\"");
    assertThatThrownBy(() -> AudienceSql.grants(AUDIENCE, "read.t", List.of("id")))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("hide names the column cost");
  }
}
