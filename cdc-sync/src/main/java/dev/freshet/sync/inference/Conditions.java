package dev.freshet.sync.inference;

import dev.freshet.sync.inference.Source.ColumnRef;
import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.inference.Source.Relation;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.operators.conditional.AndExpression;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import org.jspecify.annotations.Nullable;

/** Takes conditions apart, and finds out which columns they mention. */
final class Conditions {

  private Conditions() {}

  /** The parts of a condition that all have to hold. */
  static List<Expression> conjuncts(@Nullable Expression expression) {
    if (expression == null) {
      return List.of();
    }
    if (expression instanceof AndExpression and) {
      List<Expression> both = new ArrayList<>(conjuncts(and.getLeftExpression()));
      both.addAll(conjuncts(and.getRightExpression()));
      return both;
    }
    if (expression instanceof ParenthesedExpressionList<?> brackets && brackets.size() == 1) {
      return conjuncts(brackets.getFirst());
    }
    return List.of(expression);
  }

  /** An expression with the columns that it mentions, by the items of FROM. */
  static Condition of(String parsed, List<Source> sources) {
    String text = SqlTokens.withoutBrackets(ParserDialect.original(parsed));
    Set<ColumnRef> columns = new LinkedHashSet<>();
    List<SqlTokens.Token> tokens = SqlTokens.of(text);
    for (int i = 0; i < tokens.size(); i++) {
      SqlTokens.Token token = tokens.get(i);
      if (token.isSymbol("::") && i + 1 < tokens.size()) {
        i = SqlTokens.behindType(tokens, i + 1) - 1; // a type is no column
        continue;
      }
      boolean isPart = i > 0 && tokens.get(i - 1).isSymbol(".");
      boolean isCall = i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("(");
      if (!token.isName() || isPart || isCall) {
        continue;
      }
      boolean qualifies = i + 2 < tokens.size() && tokens.get(i + 1).isSymbol(".");
      if (qualifies) {
        boolean whole = tokens.get(i + 2).isSymbol("*");
        sources.stream()
            .filter(s -> s.alias().equals(token.text()))
            .forEach(
                s -> {
                  if (whole) {
                    s.relation().columns().forEach(c -> columns.add(new ColumnRef(s.alias(), c)));
                  }
                });
        if (!whole && sources.stream().anyMatch(s -> s.alias().equals(token.text()))) {
          columns.add(new ColumnRef(token.text(), tokens.get(i + 2).text()));
        }
      } else {
        for (Source source : sources) {
          boolean mayBeItsColumn =
              source.relation() instanceof Relation.Opaque opaque
                  && opaque.columns().isEmpty()
                  && sources.stream().noneMatch(s -> s.relation().columns().contains(token.text()));
          if (mayBeItsColumn || source.relation().columns().contains(token.text())) {
            columns.add(new ColumnRef(source.alias(), token.text()));
          } else if (source.alias().equals(token.text())) {
            source.relation().columns().forEach(c -> columns.add(new ColumnRef(source.alias(), c)));
          }
        }
      }
    }
    return new Condition(text, columns);
  }
}
