package dev.freshet.sync.contract;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.ChangeSources;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SlotSourceIT extends ChangeSourceContract {

  private static final int PORTS = 21_000 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, PORTS + 700, false));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Override
  WrittenSource source() throws Exception {
    return new Written();
  }

  private static final class Written extends WrittenPrimary {

    private static final String SLOT = "freshet_contract";

    Written() throws SQLException {
      super(cluster);
    }

    @Override
    public ChangeSources open() {
      PostgresUrl primary = cluster.primary().url();
      return new SlotSources(
          new SlotSources.Settings(primary, primary, SLOT, Clock.systemUTC()), silence -> {});
    }

    @Override
    public void close() throws SQLException {
      removeSlot(SLOT);
      super.close();
    }
  }
}
