package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DiagnosisTest {

  private static final JsonNode SILENT = json("{\"state\": \"unreachable\"}");
  private static final JsonNode SILENT_OF_SHOP =
      json("{\"log\": \"kafka://b:1,c:1/shop\", \"state\": \"unreachable\"}");
  private static final JsonNode SILENT_OF_OTHER =
      json("{\"log\": \"kafka://b:1/other\", \"state\": \"unreachable\"}");
  private static final JsonNode PUBLISHES =
      json("{\"log\": \"kafka://b:1/shop\", \"state\": \"streaming\"}");
  private static final JsonNode FOLLOWS = json("{\"log\": \"kafka://b:1/shop\"}");
  private static final JsonNode FOLLOWS_ANOTHER = json("{\"log\": \"kafka://b:1/other\"}");
  private static final JsonNode FOLLOWS_A_SLOT = json("{\"slot\": \"freshet\"}");

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Test
  void aSilentPublisherIsMissedWhereNobodyElsePublishesToItsLog() {
    assertThat(isStandIn(SILENT_OF_SHOP, PUBLISHES)).isTrue();
    assertThat(isStandIn(SILENT_OF_SHOP, SILENT_OF_SHOP)).isFalse();
    assertThat(isStandIn(SILENT_OF_OTHER, PUBLISHES)).isFalse();
  }

  @Test
  void ofOneThatNeverAnsweredTheLogCanBeAny() {
    assertThat(isStandIn(SILENT, PUBLISHES, FOLLOWS, FOLLOWS_A_SLOT)).isTrue();
    assertThat(isStandIn(SILENT, SILENT, FOLLOWS)).isFalse();
    assertThat(isStandIn(SILENT, SILENT)).isFalse();
    assertThat(isStandIn(SILENT, PUBLISHES, FOLLOWS, FOLLOWS_ANOTHER)).isFalse();
    assertThat(isStandIn(PUBLISHES, SILENT, FOLLOWS)).isFalse();
  }

  private static boolean isStandIn(JsonNode publisher, JsonNode other, JsonNode... syncs) {
    return Diagnosis.isStandIn(publisher, List.of(publisher, other), List.of(syncs));
  }

  @Test
  void aStoreIsTroubleWhereItsFollowerIsAndWhereItLacksWhatTheReadDatabaseServes() {
    List<JsonNode> models =
        List.of(
            json("{\"name\": \"orders\", \"readDatabase\": \"r\", \"state\": \"live\"}"),
            json("{\"name\": \"sales\", \"readDatabase\": \"r\", \"state\": \"faulty\"}"));
    assertThat(store("silent", models)).containsExactly(Trouble.FOLLOWER_SILENT);
    assertThat(store("retrying", models)).containsExactly(Trouble.FOLLOWER_INTERRUPTED);
    assertThat(store("starting", models)).isEmpty();
    assertThat(store("following", models)).containsExactly(Trouble.STORE_LACKS_MODEL);
    assertThat(store("following", List.of(models.getLast())))
        .as("what the read database does not serve is its trouble")
        .isEmpty();
  }

  private static List<Trouble> store(String state, List<JsonNode> models) {
    List<Verdict.Finding> findings = new ArrayList<>();
    Diagnosis.addStore(
        findings,
        json(
            """
            {"store": "s", "readDatabase": "r", "state": "%s", "reason": "why", "models": [
              {"model": "orders", "state": "waiting", "reason": "a row is refused"},
              {"model": "sales", "state": "waiting", "reason": "it is not served"},
              {"model": "menu", "state": "served", "reason": ""}]}"""
                .formatted(state)),
        models);
    return findings.stream().map(Verdict.Finding::trouble).toList();
  }
}
