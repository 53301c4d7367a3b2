package dev.freshet.local.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class StartReportTest {

  @Test
  void instancesOfOnesOwnAndModelsThatAreNotKeptAreNamed() {
    String status =
        """
        {"instances":[{"id":"read-1","kind":"read-database","state":"ready"},
          {"id":"legacy-1","kind":"replica","state":"slow-start"}],
         "models":[{"name":"orders","state":"live"},{"name":"menu","state":"building"},
          {"name":"sales","state":"stopped","reason":"It uses\\nnow()."}]}
        """;
    assertThat(StartReport.of(new JsonMapper().readTree(status), Set.of("read-1")))
        .isEqualTo(
            new StartReport(
                Map.of("legacy-1", "replica of your own, slow-start"),
                Map.of("sales", "stopped: It uses now().")));
  }
}
