package dev.freshet.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.TextSearch;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class RowDocumentTest {

  private static ModelIndex index(@Nullable TextSearch search, String... columns) {
    Map<String, String> types = new LinkedHashMap<>();
    for (int i = 0; i < columns.length; i += 2) {
      types.put(columns[i], columns[i + 1]);
    }
    return new ModelIndex(
        "m", types, List.of(columns[0]), null, Set.of(), Set.of("name"), search, "");
  }

  @Test
  void rowStandsBesideItsFields() {
    RowDocument documents =
        new RowDocument(index(null, "id", "bigint", "total", "numeric(10,2)", "tags", "integer[]"));
    assertThat(documents.of(Arrays.asList("7", "17.00", null)))
        .isEqualTo(
            "{\"row\":{\"id\":7,\"total\":17.00,\"tags\":null},\"f\":{\"c0\":7,\"c1\":1700}}");
  }

  @Test
  void valueWithoutAPlaceIsSaidToHaveNone() {
    assertThat(
            new RowDocument(index(null, "id", "bigint", "x", "double precision"))
                .of(List.of("1", "NaN")))
        .isEqualTo("{\"row\":{\"id\":1,\"x\":\"NaN\"},\"f\":{\"c0\":1},\"u\":[\"x\"]}");
  }

  @Test
  void jsonAsSomebodyWroteItStandsAsText() {
    RowDocument documents = new RowDocument(index(null, "id", "bigint", "doc", "json"));
    String document = documents.of(List.of("1", "{\"a\":1,\n\"a\":2}"));
    assertThat(document).doesNotContain("\n");
    assertThat(RowDocument.row(Json.members(document)))
        .isEqualTo("{\"id\":1,\"doc\":{\"a\":1,\n\"a\":2}}");
  }

  @Test
  void textsAreThoseOfColumnsAndOfMembersWithinArrays() {
    TextSearch search = new TextSearch(List.of("name", "items.name"), "italian");
    RowDocument documents =
        new RowDocument(index(search, "id", "bigint", "name", "text", "items", "jsonb"));
    assertThat(
            documents.of(
                Arrays.asList(
                    "1",
                    "Pizza",
                    "[{\"name\": \"a\"}, {\"name\": [\"b\", 1]}, {\"x\": {\"name\": \"no\"}}]")))
        .endsWith("\"t\":{\"all\":[\"Pizza\",\"a\",\"b\"],\"c0\":[\"Pizza\"]}}");
    assertThat(documents.of(Arrays.asList("1", null, null))).endsWith("\"t\":{\"all\":[]}}");
  }

  @Test
  void idIsTheKeyOrItsHash() {
    assertThat(RowDocument.id(Arrays.asList("a\"b", null))).isEqualTo("[\"a\\\"b\",null]");
    assertThat(RowDocument.id(List.of("null"))).isEqualTo("[\"null\"]");
    assertThat(RowDocument.id(List.of("x".repeat(509)))).startsWith("#").hasSize(65);
    assertThat(RowDocument.id(List.of("x".repeat(508)))).hasSize(512);
  }

  @Test
  void indexIsReadFromWhatItSaysOfItself() {
    ModelIndex index =
        index(new TextSearch(List.of("name"), "italian"), "id", "bigint", "name", "text");
    assertThat(
            ModelIndex.of(
                JsonMapper.shared().readTree(index.creation(0)).path("mappings").path("_meta")))
        .isEqualTo(index);
    assertThat(index.isOrdered("name")).isTrue();
    assertThat(index.isOrdered("id")).isTrue();
    assertThat(index.isOrdered("nowhere")).isFalse();
  }

  @Test
  void namesOfIndicesHaveTheCharactersThatTheyMayHave() {
    assertThat(StoreNames.index("Bestell-Übersicht", 3))
        .isEqualTo("freshet.model.%42estell%2d%c3%9cbersicht-3");
    assertThat(StoreNames.number(StoreNames.index("a-1", 12))).isEqualTo(12);
  }
}
