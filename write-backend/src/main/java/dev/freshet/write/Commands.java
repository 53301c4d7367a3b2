package dev.freshet.write;

import dev.freshet.file.FileProblem;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.declaration.CommandFiles;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.run.Audit;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commands of a folder, as they are in force. Files that change are put in force together, once
 * nothing is wrong with any; until then what was in force stays.
 */
final class Commands {

  private static final Logger log = LoggerFactory.getLogger(Commands.class);

  private static final Duration CHECK_AGAIN = Duration.ofSeconds(5);

  private final Path folder;
  private final DataSource primary;
  private final Audit audit;

  /** What the files said when they were last read. */
  private Map<String, String> seen = Map.of();

  private boolean isUnreadableTold;

  /** Whether the files are well written, and the primary can't answer them. */
  private boolean isRefusedByThePrimary;

  private long checkedNanos;

  private volatile CommandSet inForce = new CommandSet(List.of());
  private volatile Map<String, List<FileProblem>> refused = Map.of();

  /** Nothing is in force yet. */
  Commands(Path folder, DataSource primary, Audit audit) {
    this.folder = folder;
    this.primary = primary;
    this.audit = audit;
  }

  CommandSet inForce() {
    return inForce;
  }

  /** What is wrong with the files that are not in force, by name. */
  Map<String, List<FileProblem>> refused() {
    return refused;
  }

  /**
   * Puts the folder's commands in force. Files that can't be used are left out, and those that the
   * primary can't answer are not ready: the others serve.
   *
   * @throws CommandsUnreadable when the folder can't be read, or holds no command
   */
  synchronized void start() {
    try {
      seen = CommandFiles.texts(folder);
    } catch (IOException e) {
      throw new CommandsUnreadable(
          "The commands' folder %s can't be read (%s). Name one that holds NAME.sql files with --commands."
              .formatted(folder, e.getClass().getSimpleName()),
          e);
    }
    if (seen.isEmpty()) {
      throw new CommandsUnreadable(
          "%s holds no commands. Put a NAME.sql there for each, with a header and its statements."
              .formatted(folder),
          null);
    }
    CommandFiles files = CommandFiles.read(seen);
    refused = files.broken();
    files.broken().forEach(this::tell);
    List<LiveCommand> commands = files.declared().values().stream().map(LiveCommand::new).toList();
    try {
      check(commands).forEach(this::tell);
    } catch (SQLException e) {
      log.warn(
          "The commands can't be checked now: {}. Each is when it is asked for.", e.getMessage());
    }
    inForce = new CommandSet(commands);
    log.info("{} commands are in force.", commands.size());
  }

  /** Looks at the files again. */
  synchronized void look() {
    Map<String, String> texts;
    try {
      texts = CommandFiles.texts(folder);
    } catch (IOException e) {
      if (!isUnreadableTold) {
        log.warn(
            "The commands' folder can't be read now ({}); what was in force stays.", e.toString());
        isUnreadableTold = true;
      }
      return;
    }
    isUnreadableTold = false;
    if (texts.equals(seen) && !(isRefusedByThePrimary && isTimeToCheckAgain())) {
      lookAtThoseThatAreNotReady();
      return;
    }
    boolean isNews = !texts.equals(seen);
    CommandFiles files = CommandFiles.read(texts);
    Map<String, List<FileProblem>> problems = new TreeMap<>(files.broken());
    List<LiveCommand> commands = files.declared().values().stream().map(LiveCommand::new).toList();
    if (problems.isEmpty()) {
      try {
        problems.putAll(check(commands));
      } catch (SQLException e) {
        log.debug("The changed commands can't be checked now", e);
        return; // and are read again
      }
    }
    seen = texts;
    refused = problems;
    // A migration may come yet that brings what they name.
    isRefusedByThePrimary = files.broken().isEmpty() && !problems.isEmpty();
    checkedNanos = System.nanoTime();
    if (problems.isEmpty()) {
      inForce = new CommandSet(commands);
      log.info("The commands' files have changed; {} commands are in force.", commands.size());
    } else if (isNews) {
      problems.forEach(this::tell);
      log.warn("The commands' files have changed and can't be used; what was in force stays.");
    }
  }

  private boolean isTimeToCheckAgain() {
    return System.nanoTime() - checkedNanos > CHECK_AGAIN.toNanos();
  }

  /** Their tables and views may be there by now. */
  private void lookAtThoseThatAreNotReady() {
    List<LiveCommand> waiting =
        inForce.commands().stream().filter(command -> command.checked() == null).toList();
    if (waiting.isEmpty()) {
      return;
    }
    try (Connection connection = primary.getConnection()) {
      for (LiveCommand command : waiting) {
        if (command.ready(connection) != null) {
          log.info("{} is ready.", command.declaration().name());
        }
      }
    } catch (SQLException e) {
      log.debug("The commands that are not ready can't be checked now", e);
    }
  }

  /** What the primary says against them, by name. */
  private Map<String, List<FileProblem>> check(List<LiveCommand> commands) throws SQLException {
    Map<String, List<FileProblem>> problems = new TreeMap<>();
    try (Connection connection = primary.getConnection()) {
      if (commands.stream().anyMatch(command -> audit.notes(command.declaration()))) {
        makeAudit(connection);
      }
      for (LiveCommand command : commands) {
        CheckedCommand checked = command.check(connection);
        Declaration declaration = command.declaration();
        if (checked == null) {
          problems.put(declaration.name(), command.problems());
        } else {
          checked
              .warnings()
              .forEach(warning -> log.warn("{}, {}", declaration.fileName(), warning));
        }
      }
    }
    return problems;
  }

  /** Without it, the commands that are to be noted are refused. */
  private static void makeAudit(Connection connection) {
    try {
      Audit.make(connection);
    } catch (SQLException e) {
      log.warn(
          "The audit's table can't be made: {}. Give the login CREATE on its schema, or have somebody run: {}",
          e.getMessage(),
          Audit.TABLE);
    }
  }

  private void tell(String name, List<FileProblem> problems) {
    problems.forEach(problem -> log.error("{}.sql, {}", name, problem));
  }
}
