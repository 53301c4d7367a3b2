package dev.freshet.sync.inference;

import dev.freshet.sync.inference.Source.ColumnRef;
import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.sql.SqlTokens;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.AllTableColumns;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.SelectItem;

/** The columns of a SELECT's result. */
final class Outputs {

  private Outputs() {}

  /** The columns by name, in order, each with what it mentions of the items of FROM. */
  static Map<String, Condition> of(PlainSelect select, List<Source> sources) {
    Map<String, Condition> outputs = new LinkedHashMap<>();
    for (SelectItem<?> item : select.getSelectItems()) {
      Expression expression = item.getExpression();
      if (expression instanceof AllTableColumns all) {
        addAll(
            sources.stream()
                .filter(s -> s.alias().equals(Names.of(all.getTable().getName())))
                .toList(),
            outputs);
      } else if (expression instanceof AllColumns) {
        addAll(sources, outputs);
      } else {
        outputs.put(free(outputName(item), outputs), Conditions.of(expression.toString(), sources));
      }
    }
    return outputs;
  }

  /** Columns keep their places: one whose name is taken gets another, which nobody can ask for. */
  private static String free(String name, Map<String, Condition> outputs) {
    return outputs.containsKey(name) ? name + " (column %d)".formatted(outputs.size() + 1) : name;
  }

  /** The name that PostgreSQL gives to a column: its alias, its own name, or the function's. */
  private static String outputName(SelectItem<?> item) {
    if (item.getAlias() != null) {
      return Names.of(item.getAlias().getName());
    }
    List<SqlTokens.Token> tokens = SqlTokens.of(item.getExpression().toString());
    if (item.getExpression() instanceof Column column) {
      return Names.of(column.getColumnName());
    }
    return tokens.size() > 1 && tokens.getFirst().isName() ? tokens.getFirst().text() : "?column?";
  }

  private static void addAll(List<Source> sources, Map<String, Condition> outputs) {
    for (Source source : sources) {
      for (String column : source.relation().columns()) {
        outputs.put(
            free(column, outputs),
            new Condition(
                Names.quoted(source.alias()) + "." + Names.quoted(column),
                Set.of(new ColumnRef(source.alias(), column))));
      }
    }
  }
}
