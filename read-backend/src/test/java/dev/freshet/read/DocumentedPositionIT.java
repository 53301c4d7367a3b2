package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The SQL by which backends of one's own tell positions, as the guide has it. */
class DocumentedPositionIT {

  @TempDir Path folder;

  @Test
  void sqlOfTheGuideTellsPositionsOnEitherSideOfPromotion() throws Exception {
    List<String> blocks =
        Pattern.compile("```sql\\R-- (?:primary|replica)\\b.*?\\R(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(guide()))
            .results()
            .map(block -> block.group(1))
            .toList();
    assertThat(blocks).hasSize(2);
    String ofPrimary = blocks.getFirst();
    String ofReplica = blocks.getLast();
    try (Cluster cluster = Cluster.start(new ClusterOptions(folder, 1, 0, 17_490, false))) {
      PostgresServer primary = cluster.primary();
      PostgresServer replica = cluster.replicas().getFirst();
      try (Connection connection = primary.connect()) {
        Position before = PrimaryPosition.ask(connection);
        Position told = Position.parse(ask(primary, ofPrimary));
        assertThat(told.timeline()).isEqualTo(1);
        assertThat(told.isAtOrPast(before)).isTrue();
        Awaitility.await().until(() -> Position.parse(ask(replica, ofReplica)).isAtOrPast(before));
      }
      ask(replica, "select pg_promote()");
      // At once: the control file has the old timeline until the next checkpoint.
      assertThat(Position.parse(ask(replica, ofPrimary)).timeline()).isEqualTo(2);
    }
  }

  private static Path guide() {
    Path inRepository = Path.of("docs/guides/existing-application.md");
    return Files.exists(inRepository) ? inRepository : Path.of("..").resolve(inRepository);
  }

  private static String ask(PostgresServer server, String sql) throws Exception {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).as(sql).isTrue();
      return row.getString(1);
    }
  }
}
