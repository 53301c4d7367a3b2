package dev.freshet.sync.inference;

import java.util.HashSet;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.sf.jsqlparser.JSQLParserException;
import net.sf.jsqlparser.expression.CaseExpression;
import net.sf.jsqlparser.expression.CastExpression;
import net.sf.jsqlparser.expression.DoubleValue;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.ExtractExpression;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.SignedExpression;
import net.sf.jsqlparser.expression.operators.arithmetic.Addition;
import net.sf.jsqlparser.expression.operators.arithmetic.Multiplication;
import net.sf.jsqlparser.expression.operators.arithmetic.Subtraction;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.schema.Column;
import org.jspecify.annotations.Nullable;

/**
 * How many digits after the point an expression always has: PostgreSQL prints a sum with as many as
 * its widest addend, which cannot be told any more once addends go, unless all have the same.
 */
final class FixedScale {

  private static final Pattern NUMERIC = Pattern.compile("numeric\\(\\d+,(\\d+)\\)");
  private static final Pattern INTEGER = Pattern.compile("smallint|integer|bigint");

  /** Fields of times that EXTRACT gives as whole numbers, by PostgreSQL's manual. */
  private static final Set<String> WHOLE =
      Set.of(
          "century",
          "day",
          "decade",
          "dow",
          "doy",
          "hour",
          "isodow",
          "isoyear",
          "millennium",
          "minute",
          "month",
          "quarter",
          "timezone_hour",
          "timezone_minute",
          "week",
          "year");

  private FixedScale() {}

  /**
   * The number of digits of an expression.
   *
   * @param types a column's type as PostgreSQL prints it, or null when it is unknown
   * @return empty when it differs from row to row, or is not exact
   */
  static OptionalInt of(String expression, Function<Column, @Nullable String> types) {
    try {
      return of(CCJSqlParserUtil.parseExpression(expression), types);
    } catch (JSQLParserException e) {
      return OptionalInt.empty();
    }
  }

  private static OptionalInt of(Expression expression, Function<Column, @Nullable String> types) {
    return switch (expression) {
      case LongValue ignored -> OptionalInt.of(0);
      case DoubleValue number -> {
        String text = number.toString();
        yield text.matches("\\d+\\.\\d+")
            ? OptionalInt.of(text.length() - text.indexOf('.') - 1)
            : OptionalInt.empty();
      }
      case Column column -> ofType(types.apply(column));
      case CastExpression cast -> ofCast(cast, types);
      case ExtractExpression part ->
          WHOLE.contains(part.getName().replace("\"", "").toLowerCase(Locale.ROOT))
              ? OptionalInt.of(0)
              : OptionalInt.empty();
      case ParenthesedExpressionList<?> brackets when brackets.size() == 1 ->
          of(brackets.getFirst(), types);
      case SignedExpression signed -> of(signed.getExpression(), types);
      case CaseExpression choice -> ofChoice(choice, types);
      case Addition sum ->
          widest(of(sum.getLeftExpression(), types), of(sum.getRightExpression(), types));
      case Subtraction difference ->
          widest(
              of(difference.getLeftExpression(), types),
              of(difference.getRightExpression(), types));
      case Multiplication product -> {
        OptionalInt left = of(product.getLeftExpression(), types);
        OptionalInt right = of(product.getRightExpression(), types);
        yield left.isPresent() && right.isPresent()
            ? OptionalInt.of(left.getAsInt() + right.getAsInt())
            : OptionalInt.empty();
      }
      default -> OptionalInt.empty();
    };
  }

  /** Whichever branch is taken, there are as many. */
  private static OptionalInt ofChoice(
      CaseExpression choice, Function<Column, @Nullable String> types) {
    Set<OptionalInt> scales = new HashSet<>();
    choice.getWhenClauses().forEach(when -> scales.add(of(when.getThenExpression(), types)));
    if (choice.getElseExpression() != null) {
      scales.add(of(choice.getElseExpression(), types));
    }
    return scales.size() == 1 ? scales.iterator().next() : OptionalInt.empty();
  }

  /** A cast to a type of fixed scale gives that one; to numeric alone, the scale that was there. */
  private static OptionalInt ofCast(CastExpression cast, Function<Column, @Nullable String> types) {
    String type =
        String.valueOf(cast.getColDataType())
            .replace("\"", "")
            .replace(" ", "")
            .toLowerCase(Locale.ROOT);
    return type.equals("numeric") ? of(cast.getLeftExpression(), types) : ofType(type);
  }

  private static OptionalInt widest(OptionalInt left, OptionalInt right) {
    return left.isPresent() && right.isPresent()
        ? OptionalInt.of(Math.max(left.getAsInt(), right.getAsInt()))
        : OptionalInt.empty();
  }

  private static OptionalInt ofType(@Nullable String type) {
    if (type == null) {
      return OptionalInt.empty();
    }
    if (INTEGER.matcher(type).matches()) {
      return OptionalInt.of(0);
    }
    Matcher numeric = NUMERIC.matcher(type);
    return numeric.matches()
        ? OptionalInt.of(Integer.parseInt(numeric.group(1)))
        : OptionalInt.empty();
  }
}
