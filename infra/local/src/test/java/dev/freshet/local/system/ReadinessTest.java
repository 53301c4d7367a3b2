package dev.freshet.local.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class ReadinessTest {

  private static final String READY = "{\"id\":\"read-1\",\"state\":\"ready\"}";
  private static final String STREAMING = "{\"readDatabase\":\"read-1\",\"state\":\"streaming\"}";
  private static final String LIVE = "{\"name\":\"orders\",\"state\":\"live\"}";

  private Instant now = Instant.EPOCH;
  private final Readiness readiness = new Readiness(now);

  @Test
  void systemIsReadyWhenInstancesSyncsAndModelsAre() {
    assertThat(look(status(READY, STREAMING, LIVE))).isInstanceOf(Readiness.Look.Ready.class);
    assertThat(look(status(READY, "", ""))).isInstanceOf(Readiness.Look.Ready.class);
  }

  @Test
  void somebodyHasToPublishToALog() {
    assertThat(look(published("unreachable", "standby")))
        .isInstanceOf(Readiness.Look.Waiting.class);
    assertThat(look(published("unreachable", "streaming")))
        .isInstanceOf(Readiness.Look.Ready.class);
  }

  private static String published(String one, String other) {
    return status(READY, STREAMING, LIVE)
        .replaceFirst(
            "\\{", "{\"publish\":[{\"state\":\"%s\"},{\"state\":\"%s\"}],".formatted(one, other));
  }

  @Test
  void modelThatCantBeKeptIsNoReasonToWait() {
    assertThat(look(status(READY, STREAMING, "{\"name\":\"orders\",\"state\":\"stopped\"}")))
        .isInstanceOf(Readiness.Look.Ready.class);
  }

  @Test
  void buildIsWaitedForAsLongAsRowsAreAdded() {
    for (int rows = 0; rows < 100; rows++) {
      now = now.plus(Readiness.PATIENCE_WITH_WORK.minusSeconds(1));
      assertThat(look(status(READY, STREAMING, building(rows))))
          .isInstanceOf(Readiness.Look.Waiting.class);
    }
  }

  @Test
  void severalModelsThatAreBuiltAreCounted() {
    now = now.plus(Readiness.TOLD_EVERY);
    assertThat(
            readiness.look(
                new JsonMapper()
                    .readTree(status(READY, STREAMING, building(1) + "," + building(2))),
                now))
        .isEqualTo(new Readiness.Look.Waiting("2 models, which are being built"));
  }

  @Test
  void copyIsToldWithItsRowsAndOnlyWhenTheyChange() {
    String copying =
        "{\"readDatabase\":\"read-1\",\"state\":\"snapshot\",\"progress\":{\"what\":\"Copying"
            + " public.orders\",\"rows\":1500,\"expectedRows\":20000}}";
    assertThat(news(copying)).as("too early").isNull();
    now = now.plus(Readiness.TOLD_EVERY);
    assertThat(news(copying))
        .isEqualTo("read-1: Copying public.orders, 1,500 of about 20,000 rows");
    now = now.plus(Readiness.TOLD_EVERY);
    assertThat(news(copying)).as("the same").isNull();
    assertThat(news(copying.replace("1500", "1501"))).contains("1,501");
  }

  @Test
  void nothingThatMovesIsGivenUpInTheEndAndNamed() {
    String down = "{\"id\":\"legacy-1\",\"state\":\"down\",\"reason\":\"Connection refused.\"}";
    assertThat(look(status(down, "", ""))).isInstanceOf(Readiness.Look.Waiting.class);
    now = now.plus(Readiness.PATIENCE);
    assertThat(look(status(down, "", "")))
        .isEqualTo(
            new Readiness.Look.Stuck(
                "legacy-1, which is down: Connection refused", Readiness.PATIENCE));
  }

  @Test
  void lagCountsOnlyWhenItIsSmallerThanEver() {
    look(status(behind(500), "", ""));
    now = now.plus(Readiness.PATIENCE.minusSeconds(1));
    assertThat(look(status(behind(400), "", ""))).isInstanceOf(Readiness.Look.Waiting.class);
    now = now.plus(Readiness.PATIENCE.minusSeconds(1));
    assertThat(look(status(behind(900), "", ""))).isInstanceOf(Readiness.Look.Waiting.class);
    now = now.plusSeconds(1);
    assertThat(look(status(behind(450), "", ""))).isInstanceOf(Readiness.Look.Stuck.class);
  }

  @Test
  void syncThatRefusesIsNotWaitedFor() {
    String refused = "{\"readDatabase\":\"read-1\",\"state\":\"refused\",\"reason\":\"No.\"}";
    assertThat(look(status(READY, refused, LIVE))).isEqualTo(new Readiness.Look.Refused("No."));
  }

  @Test
  void gatewayThatDoesNotAnswerIsGivenUpInTheEnd() {
    assertThat(look(null)).isInstanceOf(Readiness.Look.Waiting.class);
    now = now.plus(Duration.ofHours(1));
    assertThat(look(null)).isInstanceOf(Readiness.Look.Stuck.class);
  }

  private Readiness.Look look(@Nullable String status) {
    return readiness.look(status == null ? null : new JsonMapper().readTree(status), now);
  }

  private @Nullable String news(String sync) {
    return ((Readiness.Look.Waiting) look(status(READY, sync, LIVE))).news();
  }

  private static String behind(long bytes) {
    return "{\"id\":\"replica-1\",\"state\":\"not-ready\",\"lagBytes\":%d}".formatted(bytes);
  }

  private static String building(long rows) {
    return "{\"name\":\"orders\",\"state\":\"building\",\"rows\":%d}".formatted(rows);
  }

  private static String status(String instance, String sync, String model) {
    return "{\"instances\":[%s],\"sync\":[%s],\"models\":[%s]}".formatted(instance, sync, model);
  }
}
