package dev.freshet.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {

  @Test
  void membersAndElementsAreCutOutAsTheyStand() {
    assertThat(
            Json.members(
                " { \"a\" : 17.00 ,\"b\":{\"x\":[1, {\"}\":\"]\"}]},\"c\\\"\":\"q,\\\\\", \"d\":[],\"e\":null }"))
        .containsExactly(
            java.util.Map.entry("a", "17.00"),
            java.util.Map.entry("b", "{\"x\":[1, {\"}\":\"]\"}]}"),
            java.util.Map.entry("c\"", "\"q,\\\\\""),
            java.util.Map.entry("d", "[]"),
            java.util.Map.entry("e", "null"));
    assertThat(Json.elements("[1,\"a,b\" , [2,3],{}]"))
        .containsExactly("1", "\"a,b\"", "[2,3]", "{}");
    assertThat(Json.members("{}")).isEmpty();
    assertThat(Json.elements(" [ ] ")).isEmpty();
  }

  @Test
  void stringsAreWrittenAsPostgresqlDoesAndReadAgain() {
    String text = "a\"b\\c/\b\f\n\r\t\u0001\u007fé😀";
    assertThat(Json.string(text)).isEqualTo("\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\u007fé😀\"");
    assertThat(Json.text(Json.string(text))).isEqualTo(text);
    assertThat(Json.text("\"\\u00e9\\/\"")).isEqualTo("é/");
  }

  @Test
  void rowsBecomeJsonAndTextsAgain() {
    List<String> columns = List.of("id", "at", "ok", "n", "note", "data");
    List<String> types =
        List.of("bigint", "timestamp with time zone", "boolean", "numeric", "text", "jsonb");
    List<String> values =
        Arrays.asList("1", "2026-01-02 03:04:05.678+00", "t", "NaN", null, "{\"a\": [1.10]}");
    String json = RowText.json(columns, types, values);
    assertThat(json)
        .isEqualTo(
            "{\"id\":1,\"at\":\"2026-01-02T03:04:05.678+00:00\",\"ok\":true,\"n\":\"NaN\",\"note\":null,\"data\":{\"a\": [1.10]}}");
    assertThat(RowText.values(columns, types, json)).isEqualTo(values);
  }
}
