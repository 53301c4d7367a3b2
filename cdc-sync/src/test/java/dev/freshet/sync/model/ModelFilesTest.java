package dev.freshet.sync.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.freshet.postgres.TextSearch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFilesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keys: id|line 2|'keys'|Did you mean 'key'?",
        "key: id~index: [a]|line 3|'index'|Did you mean 'indexes'?",
        "key: id~Version: version|line 3|'Version'|Did you mean 'version'?",
        "key: id~colour: red|line 3|'colour'|It knows key, version, scope, affects, indexes, aggregates, policies, hide, search, stores.",
        "key: [id|line|can't be read|It knows key",
        "key: id~search: name|line 3|'search'|as in search: { text: [name, description], language: english }",
        "key: id~search: { txt: [name] }|line 3|'search'|as in search: { text:",
        "key: id~policies: [ { for: web } ]|line 3|'policies'|as in policies: [ { to: web, using:",
        "key: id~hide: [margin]|line 3|'hide'|as in hide: { web: [margin] }",
      })
  void headerThatCantBeReadIsToldWithItsLineAndWhatWasMeant(
      String header, String line, String what, String meant) {
    String text =
        "/*\\n%s\\n*/\\nselect 1 as id".formatted(header.replace("~", "\\n")).translateEscapes();
    assertThatExceptionOfType(SyncRefused.class)
        .isThrownBy(() -> new ModelFiles.Declared("orders", text).model())
        .satisfies(
            refused ->
                assertThat(refused.getMessage())
                    .startsWith("orders.sql, ")
                    .contains(line, what, meant)
                    .doesNotContain("Header", "jackson", "ModelFiles"));
  }

  @Test
  void headerIsReadWithWhateverIsBeforeIt() {
    assertThat(new ModelFiles.Declared("orders", "\n\n/* key: id */ select 1 as id").model().key())
        .containsExactly("id");
  }

  @Test
  void rulesAreReadAndChangeTheDeclaration() {
    String header =
        "policies: [ { to: web, using: \"a = 'x'\" }, { to: staff, using: 'true' } ]\nhide: { web: cost, guest: [a, cost] }";
    ReadModel model =
        new ModelFiles.Declared("m", "/*\nkey: id\n%s\n*/ select 1 as id".formatted(header))
            .model();
    assertThat(model.audience().policies())
        .containsExactly(
            new Audience.Policy("web", "a = 'x'"), new Audience.Policy("staff", "true"));
    assertThat(model.audience().hidden())
        .containsEntry("web", List.of("cost"))
        .containsEntry("guest", List.of("a", "cost"));
    assertThat(model.audience().roles()).containsExactly("guest", "staff", "web");
    assertThat(model.comment()).contains("\"roles\": [\"guest\", \"staff\", \"web\"]");
    ReadModel open = new ModelFiles.Declared("m", "/* key: id */ select 1 as id").model();
    assertThat(open.audience().isEverybody()).isTrue();
    assertThat(model.hash()).isNotEqualTo(open.hash());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "policies: [ { to: web } ]|a policy has a role and a condition",
        "policies: [ { using: a } ]|a policy has a role and a condition",
        "hide: { web: [id] }|which is of the key",
        "hide: { web: }|hide names columns by role",
        "policies: [ null ]|a policy has a role and a condition",
      })
  void rulesThatCantHoldAreRefused(String header, String why) {
    assertThatExceptionOfType(SyncRefused.class)
        .isThrownBy(
            () ->
                new ModelFiles.Declared("m", "/*\nkey: id\n%s\n*/ select 1".formatted(header))
                    .model())
        .withMessageContaining(why);
  }

  @Test
  void textsAndStoresAreReadAndChangeTheDeclaration() {
    String header =
        "key: id\nsearch: { text: [name, items.name], language: italian }\nstores: [search]";
    ReadModel model =
        new ModelFiles.Declared("m", "/*\n%s\n*/ select 1 as id".formatted(header)).model();
    assertThat(model.search()).isEqualTo(new TextSearch(List.of("name", "items.name"), "italian"));
    assertThat(model.stores()).containsExactly("search");
    assertThat(model.comment())
        .contains("\"search\": {\"text\": [\"name\", \"items.name\"], \"language\": \"italian\"}");
    assertThat(
            new ModelFiles.Declared("m", "/*\nkey: id\nsearch: { text: name }\n*/ select 1 as id")
                .model()
                .search())
        .isEqualTo(new TextSearch(List.of("name"), "simple"));
    assertThat(model.hash())
        .isNotEqualTo(new ModelFiles.Declared("m", "/* key: id */ select 1 as id").model().hash());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "key: id~search: { language: italian }|search: text names the columns to search",
        "key: id~search: { text: [name], language: it-IT }|is not the name of a text search configuration",
        "key: id~stores: [mongo]|a model can be kept in search",
        "key: none~stores: [search]|Only rows with a key can be kept in a store",
      })
  void textsAndStoresThatCantBeAreRefused(String header, String why) {
    String text = "/*\n%s\n*/ select 1 as id".formatted(header.replace("~", "\n"));
    assertThatExceptionOfType(SyncRefused.class)
        .isThrownBy(() -> new ModelFiles.Declared("m", text).model())
        .withMessageContaining(why);
  }
}
