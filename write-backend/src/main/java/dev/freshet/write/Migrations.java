package dev.freshet.write;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.internal.exception.FlywayMigrateException;
import org.flywaydb.core.internal.sqlscript.FlywaySqlScriptException;

/** Runs a write schema's migrations by Flyway, and says in our own words why they can't be. */
public final class Migrations {

  /** Which says what it read them from, behind its text. */
  private static final String LINKS = "(?m)^.*https?://.*$";

  private final Flyway flyway;
  private final String from;

  /**
   * Prepares to run them.
   *
   * @param flyway knows the database and where the migrations are
   * @param from the migrations' place, as messages name it
   */
  public Migrations(Flyway flyway, String from) {
    this.flyway = flyway;
    this.from = from;
  }

  /**
   * Runs those that have not run.
   *
   * @throws MigrationFailed when they don't fit what has run before, or one fails
   */
  public void run() {
    try {
      refuseWhatDoesNotFit(List.of(flyway.info().all()));
      flyway.migrate();
    } catch (FlywayMigrateException e) {
      throw new MigrationFailed(failed(e));
    } catch (FlywayException e) {
      throw new MigrationFailed(
          "The migrations in %s can't be run: %s"
              .formatted(from, plain(String.valueOf(e.getMessage()))));
    }
  }

  private void refuseWhatDoesNotFit(List<MigrationInfo> migrations) {
    List<String> misfits = migrations.stream().flatMap(each -> misfit(each).stream()).toList();
    if (misfits.isEmpty()) {
      return;
    }
    List<MigrationInfo> ran = migrations.stream().filter(Migrations::hasRun).toList();
    boolean isAnothers = !ran.isEmpty() && ran.stream().noneMatch(Migrations::isTheSame);
    List<String> lines = new ArrayList<>();
    lines.add(
        isAnothers
            ? "The database was made by other migrations than those in %s: none of the %d that ran on it is there as it ran."
                .formatted(from, ran.size())
            : "The migrations in %s don't fit what ran on the database before.".formatted(from));
    misfits.forEach(misfit -> lines.add("  " + misfit));
    lines.add(
        isAnothers
            ? "Nothing was changed. Use another database, or the migrations that this one was made"
                + " with. With ./freshet up, --data names another folder, and --config other"
                + " migrations."
            : "Nothing was changed. Give back to the files what ran, and make changes in a new"
                + " migration; or use an empty database (with ./freshet up, a new folder for --data).");
    throw new MigrationFailed(String.join(System.lineSeparator(), lines));
  }

  private static boolean hasRun(MigrationInfo migration) {
    return migration.getState().isApplied() && migration.getState() != MigrationState.BASELINE;
  }

  private static boolean isTheSame(MigrationInfo migration) {
    return migration.getState().isResolved()
        && migration.isChecksumMatching()
        && migration.isDescriptionMatching();
  }

  private static Optional<String> misfit(MigrationInfo migration) {
    String script = migration.getScript();
    MigrationState state = migration.getState();
    return switch (state) {
      case FAILED, MISSING_FAILED, FUTURE_FAILED ->
          Optional.of(
              "%s failed on an earlier run and left a part of its changes. Undo these by hand, and delete its row from flyway_schema_history."
                  .formatted(script));
      case MISSING_SUCCESS -> Optional.of("%s ran and is not there any more.".formatted(script));
      case IGNORED ->
          Optional.of(
              "%s has not run, and a newer one has. Give it a version behind the newest."
                  .formatted(script));
      default ->
          migration.isVersioned()
                  && hasRun(migration)
                  && state.isResolved()
                  && !isTheSame(migration)
              ? Optional.of("%s is not what it was when it ran.".formatted(script))
              : Optional.empty();
    };
  }

  private String failed(FlywayMigrateException failure) {
    String script = failure.getMigration().getScript();
    Optional<FlywaySqlScriptException> statement = cause(failure, FlywaySqlScriptException.class);
    String place =
        statement
            .map(FlywaySqlScriptException::getLineNumber)
            .filter(line -> line > 0)
            .map(line -> "%s, line %d".formatted(script, line))
            .orElse(script);
    String why =
        cause(failure, SQLException.class)
            .map(SQLException::getMessage)
            .orElseGet(() -> String.valueOf(failure.getMessage()));
    return "A migration in %s failed at %s: %s%nThe migration was rolled back%s. Correct it, and start again."
        .formatted(
            from,
            place,
            plain(why),
            failure.isExecutableInTransaction() ? "" : ", as far as it runs in transactions");
  }

  private static <T extends Throwable> Optional<T> cause(Throwable failure, Class<T> type) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return Optional.of(type.cast(cause));
      }
    }
    return Optional.empty();
  }

  private static String plain(String message) {
    return String.join(
        " ",
        Arrays.stream(message.replaceAll(LINKS, "").split("\\R", -1))
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.matches("-+"))
            .toList());
  }
}
