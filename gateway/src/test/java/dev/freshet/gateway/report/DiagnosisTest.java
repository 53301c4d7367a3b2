package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DiagnosisTest {

  private static final JsonNode SILENT = json("{\"state\": \"unreachable\"}");
  private static final JsonNode PUBLISHES =
      json("{\"log\": \"kafka://b:1/shop\", \"state\": \"streaming\"}");
  private static final JsonNode FOLLOWS = json("{\"log\": \"kafka://b:1/shop\"}");
  private static final JsonNode FOLLOWS_ANOTHER = json("{\"log\": \"kafka://b:1/other\"}");
  private static final JsonNode FOLLOWS_A_SLOT = json("{\"slot\": \"freshet\"}");

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Test
  void aSilentPublisherIsMissedWhereNobodyElsePublishes() {
    assertThat(Diagnosis.isAllPublished(List.of(SILENT, PUBLISHES), List.of(FOLLOWS))).isTrue();
    assertThat(
            Diagnosis.isAllPublished(List.of(SILENT, PUBLISHES), List.of(FOLLOWS, FOLLOWS_A_SLOT)))
        .isTrue();
    assertThat(Diagnosis.isAllPublished(List.of(SILENT, SILENT), List.of(FOLLOWS))).isFalse();
    assertThat(Diagnosis.isAllPublished(List.of(SILENT), List.of())).isFalse();
    assertThat(
            Diagnosis.isAllPublished(List.of(SILENT, PUBLISHES), List.of(FOLLOWS, FOLLOWS_ANOTHER)))
        .isFalse();
  }
}
