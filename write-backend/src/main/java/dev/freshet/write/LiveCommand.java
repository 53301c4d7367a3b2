package dev.freshet.write;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.check.CommandCheck;
import dev.freshet.write.declaration.Declaration;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command in force. It is ready once the primary could answer its statements, and checked again
 * when a request comes and it is not.
 */
final class LiveCommand {

  private static final Duration NOT_SOONER = Duration.ofSeconds(1);

  private final Declaration declaration;
  private volatile @Nullable CheckedCommand checked;
  private volatile List<FileProblem> problems = List.of();
  private volatile long lookedAt;

  LiveCommand(Declaration declaration) {
    this.declaration = declaration;
  }

  Declaration declaration() {
    return declaration;
  }

  /** As it was last found to be ready; null when it is not. */
  @Nullable CheckedCommand checked() {
    return checked;
  }

  /** Why it is not ready. */
  List<FileProblem> problems() {
    return problems;
  }

  /**
   * Looks whether the primary can answer it.
   *
   * @return it, ready; null when it is not
   */
  synchronized @Nullable CheckedCommand check(Connection connection) throws SQLException {
    lookedAt = System.nanoTime();
    try {
      checked = CommandCheck.check(declaration, connection);
      problems = List.of();
    } catch (FileInvalid e) {
      checked = null;
      problems = e.problems();
    }
    return checked;
  }

  /** It, ready; checked once more where it is not, but not again and again. */
  @Nullable CheckedCommand ready(Connection connection) throws SQLException {
    CheckedCommand known = checked;
    boolean isDue = System.nanoTime() - lookedAt > NOT_SOONER.toNanos();
    return known == null && isDue ? check(connection) : known;
  }

  /** The primary did not understand a statement: the schema is another one by now. */
  void doubt() {
    checked = null;
    lookedAt = 0;
  }
}
