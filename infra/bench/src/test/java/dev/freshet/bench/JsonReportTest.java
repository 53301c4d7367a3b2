package dev.freshet.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonReportTest {

  @Test
  void tablesAreRowsByColumnWithNumbersAsNumbers() {
    JsonNode report =
        JsonMapper.shared()
            .readTree(
                JsonReport.of(
                    "gateway",
                    """
                    NGINX is not installed, and so left out.

                    1,024 bytes:

                    | | us CPU/request | requests/s |
                    | --- | --- | --- |
                    | Freshet | 35 | 33,793 |
                    | plain | 63.5 | – |

                    Done.
                    """));
    assertThat(report.path("benchmark").asString()).isEqualTo("gateway");
    JsonNode table = report.path("tables").path(0);
    assertThat(report.path("tables").size()).isEqualTo(1);
    assertThat(table.path("title").asString()).isEqualTo("1,024 bytes:");
    assertThat(table.path("rows").size()).isEqualTo(2);
    assertThat(table.path("rows").path(0).path("name").asString()).isEqualTo("Freshet");
    assertThat(table.path("rows").path(0).path("requests/s").asDouble()).isEqualTo(33_793);
    assertThat(table.path("rows").path(1).path("us CPU/request").asDouble()).isEqualTo(63.5);
    assertThat(table.path("rows").path(1).path("requests/s").asString()).isEqualTo("–");
    assertThat(report.path("notes").size()).isEqualTo(3);
  }
}
