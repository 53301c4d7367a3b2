package dev.freshet.sync.follow;

import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Models that say that stores are to have them. */
final class DeclaredModels {

  private static final Logger log = LoggerFactory.getLogger(DeclaredModels.class);

  private DeclaredModels() {}

  /**
   * Those of them that the read database serves.
   *
   * @param states gets the state of each, also of those that are not served
   */
  static Map<String, ReadModel> live(Connection connection, Map<String, FollowerState.Model> states)
      throws SQLException {
    Map<String, ReadModel> live = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select name, declaration, state, reason from freshet.model order by name")) {
      while (row.next()) {
        String name = row.getString(1);
        try {
          ReadModel model = new ModelFiles.Declared(name, row.getString(2)).model();
          if (!model.stores().isEmpty()) {
            boolean isLive = row.getString(3).equals(Snapshot.LIVE);
            states.put(
                name,
                new FollowerState.Model(
                    FollowerState.Stage.WAITING,
                    isLive ? "" : "The read database does not serve it. " + row.getString(4)));
            if (isLive) {
              live.put(name, model);
            }
          }
        } catch (SyncRefused e) {
          log.debug("Model {} can't be read", name, e); // the sync says so
        }
      }
    }
    return live;
  }
}
