package dev.freshet.write.check;

import dev.freshet.file.FileProblem;
import dev.freshet.write.declaration.Declaration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A command that can be given.
 *
 * @param declaration what its file says
 * @param state its state; null where it has none
 * @param steps its statements, in their order; the last one answers
 * @param streams names of the primary keys of tables with events; whoever violates one has lost a
 *     race
 * @param warnings what its author may want to know
 */
public record CheckedCommand(
    Declaration declaration,
    @Nullable PreparedSql state,
    List<Step> steps,
    Set<String> streams,
    List<FileProblem> warnings) {

  public CheckedCommand {
    steps = List.copyOf(steps);
    streams = Set.copyOf(streams);
    warnings = List.copyOf(warnings);
  }

  /** One statement, and what its rows mean. */
  public sealed interface Step {

    /** The statement as it is sent. */
    PreparedSql sql();

    /** Each of its rows is a reason to refuse. */
    record Refusal(PreparedSql sql) implements Step {}

    /** Its row may be what the next one calls {@code :last}. */
    record Action(PreparedSql sql) implements Step {}

    /**
     * Its row is the answer. The result has {@code body} as JSON, null for none, {@code version}
     * and {@code created} as texts, and what stands in the location's braces by its name in braces.
     *
     * @param columns of the row as the file's statement has it
     * @param told columns of the row that stand in the location, in their order
     */
    record Reply(PreparedSql sql, List<Column> columns, List<String> told) implements Step {

      public Reply {
        columns = List.copyOf(columns);
        told = List.copyOf(told);
      }
    }
  }
}
