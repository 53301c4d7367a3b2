package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How groups are kept by what changes add and take away, without reading them again.
 *
 * <p>Beside the model's table stands one with the groups' states: counts, sums, extremes. A change
 * of one table, all others being as they are, takes away what the changed rows contributed before
 * it, and adds what they contribute after it. Only groups that lose an extreme, or hold NaN, are
 * recomputed.
 *
 * @param key the model's key
 * @param states what is kept of each group
 * @param stateSelect a SELECT of the key's columns, {@link #ROWS} and the states, for all groups
 * @param ways by table; changes of tables that are not here are followed by recomputing groups
 * @param outputs the columns of the model that follow from states, as SQL over the states' table
 *     {@link #STATES}
 * @param insertable whether states say everything of a row, so that new groups and empty ones are
 *     seen by their number of rows; otherwise groups come and go with the rows of a table that is
 *     not in {@code ways}
 */
public record DeltaPlan(
    List<String> key,
    List<State> states,
    String stateSelect,
    Map<TableName, Contribution> ways,
    Map<String, String> outputs,
    boolean insertable) {

  /** Alias of the states' table in {@link #outputs}. */
  public static final String STATES = "freshet_states";

  /** The column with the number of joined rows of a group. */
  public static final String ROWS = "freshet_rows";

  /** How a state follows from its former value. */
  public enum Kind {
    /** Added up. */
    SUM,
    /** The smaller one; lost when it is taken away. */
    MIN,
    /** The greater one; lost when it is taken away. */
    MAX
  }

  /** A state, in the column of this name. */
  public record State(String column, Kind kind) {}

  /**
   * What changed rows of a table contribute.
   *
   * @param table whose rows the contribution is restricted to
   * @param tableKey its primary key
   * @param sql a SELECT like {@link #stateSelect}, of rows of {@code table} that stand for {@link
   *     Reach#CHANGED_ROWS}
   * @param reach from changed rows to the primary keys, as text, of the rows of {@code table} that
   *     they are joined to; null when it is the changed table itself
   */
  public record Contribution(
      TableName table, List<String> tableKey, String sql, @Nullable String reach) {

    /** Takes the SQL as PostgreSQL has it, and keeps it as the driver wants it with values. */
    public Contribution {
      sql = SqlTokens.forValues(sql);
      reach = reach == null ? null : SqlTokens.forValues(reach);
    }

    /** Whether it is restricted to the changed rows themselves. */
    public boolean isOfItself() {
      return reach == null;
    }

    /** The contribution of rows given as a SELECT on {@link #table}. */
    public String sql(String rows) {
      return sql.replace(Reach.CHANGED_ROWS, "(" + rows + ")");
    }

    /** The keys that rows of the changed table, given as a SELECT, are joined to. */
    public String reach(String rows) {
      return String.valueOf(reach).replace(Reach.CHANGED_ROWS, "(" + rows + ")");
    }
  }
}
