package dev.freshet.read.query;

import dev.freshet.postgres.TextSearch;
import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads filters: {@code column=[not.]operator.value} alone, and in trees {@code
 * or=(column.operator.value,and(…))}.
 */
final class ConditionGrammar {

  /** Deeper trees are nobody's question. */
  private static final int DEEPEST = 16;

  private static final int MOST_CONDITIONS = 500;

  private static final Set<String> TREES = Set.of("and", "or", "not.and", "not.or");

  /** Names the part of a query in a refusal. */
  static final String FILTER = "filter";

  private static final String WITH_COLUMN = "A filter is column=operator.value, as in id=eq.1.";

  private final Columns columns;
  private int read;

  ConditionGrammar(Columns columns) {
    this.columns = columns;
  }

  /** Reads a parameter that is neither of the page nor of the answer's form. */
  Condition parameter(String name, String value) {
    if (TREES.contains(name)) {
      QueryText text = QueryText.ofParameter(name, value);
      Condition tree = tree(text, name, 1);
      if (!text.isAtEnd()) {
        throw text.refusal(
            ProblemCode.BAD_VALUE, "'%s' follows what was closed.".formatted(text.toEnd()));
      }
      return tree;
    }
    QueryText column = QueryText.ofName(name);
    Field field = columns.knownOrSearched(column.field(""));
    QueryText text = QueryText.ofParameter(name, value);
    Condition condition = condition(field, text, false);
    if (!text.isAtEnd()) {
      throw text.refusal(
          ProblemCode.BAD_VALUE,
          "'%s' follows the list. A value with brackets, braces or commas stands in double quotes."
              .formatted(text.toEnd()));
    }
    return condition;
  }

  private Condition tree(QueryText text, String kind, int depth) {
    if (depth > DEEPEST) {
      throw text.refusal(
          ProblemCode.BAD_VALUE,
          "conditions stand within each other %d deep at most.".formatted(DEEPEST));
    }
    String hint = "A group is or=(a.eq.1,b.gt.2).";
    text.require("(", hint);
    List<Condition> members = new ArrayList<>();
    do {
      text.skipSpaces();
      members.add(member(text, depth));
      text.skipSpaces();
    } while (text.skip(","));
    text.require(")", hint);
    Condition all = kind.endsWith("and") ? new Condition.All(members) : new Condition.Any(members);
    return kind.startsWith("not.") ? new Condition.Not(all) : all;
  }

  private Condition member(QueryText text, int depth) {
    for (String kind : TREES) {
      if (text.isAt(kind + "(")) {
        text.skip(kind);
        return tree(text, kind, depth + 1);
      }
    }
    Field field = columns.knownOrSearched(text.field(".,()"));
    text.require(".", "A condition in a group is column.operator.value, as in id.eq.1.");
    return condition(field, text, true);
  }

  private Condition condition(Field field, QueryText text, boolean isInTree) {
    if (++read > MOST_CONDITIONS) {
      throw text.refusal(
          ProblemCode.BAD_VALUE, "a query has %d conditions at most.".formatted(MOST_CONDITIONS));
    }
    boolean isNegated = text.skip("not.");
    Condition condition = operator(field, text, isInTree);
    return isNegated ? new Condition.Not(condition) : condition;
  }

  private Condition operator(Field field, QueryText text, boolean isInTree) {
    int begin = text.place();
    String word = text.upTo(".(,)");
    String modifier = text.skip("(") ? modifier(text) : null;
    if (!text.skip(".")) {
      throw unknown(text, begin, field, word);
    }
    Optional<Condition.TextQuery> search = search(word);
    if (search.isEmpty()) {
      columns.known(field, FILTER); // what is searched is no column
    }
    if (search.isPresent()) {
      return new Condition.Contains(
          field, search.get(), language(text, modifier), single(text, isInTree));
    }
    Optional<Operator> operator = Operator.of(word);
    if (modifier != null && operator.map(Operator::takesSeveral).orElse(false)) {
      return each(field, operator.get(), modifier, text);
    }
    if (modifier != null) {
      throw text.refusal(
          ProblemCode.UNKNOWN_OPERATOR,
          "'%s' takes no (%s). (any) and (all) go with %s."
              .formatted(
                  word,
                  modifier,
                  Arrays.stream(Operator.values())
                      .filter(Operator::takesSeveral)
                      .map(Operator::word)
                      .collect(Collectors.joining(", "))));
    }
    return switch (word) {
      case "in" ->
          new Condition.OneOf(
              field,
              text.members(
                  "in takes a list in parentheses, as in %s=in.(a,b).".formatted(field.column())));
      case "is" -> new Condition.Is(field, predicate(text, single(text, isInTree)));
      default -> {
        Operator compared = operator.orElseThrow(() -> unknown(text, begin, field, word));
        String value = single(text, isInTree);
        yield new Condition.Compared(
            field, compared, compared.isPattern() ? value.replace('*', '%') : value);
      }
    };
  }

  private static String modifier(QueryText text) {
    String modifier = text.upTo(")");
    text.require(")", "");
    return modifier;
  }

  private static String single(QueryText text, boolean isInTree) {
    return isInTree ? text.value(",)") : text.toEnd();
  }

  private static Condition each(Field field, Operator operator, String modifier, QueryText text) {
    if (!modifier.equals("any") && !modifier.equals("all")) {
      throw text.refusal(
          ProblemCode.UNKNOWN_OPERATOR,
          "'%s(%s)' is not an operator; there are (any) and (all)."
              .formatted(operator.word(), modifier));
    }
    List<String> values = text.elements("Several values stand in braces, as in eq(any).{1,2}.");
    return new Condition.ComparedWithEach(
        field,
        operator,
        modifier.equals("all"),
        operator.isPattern()
            ? values.stream().map(value -> value.replace('*', '%')).toList()
            : values);
  }

  private static Optional<Condition.TextQuery> search(String word) {
    return Arrays.stream(Condition.TextQuery.values())
        .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(word))
        .findFirst();
  }

  private static @Nullable String language(QueryText text, @Nullable String modifier) {
    if (modifier != null && !TextSearch.LANGUAGE.matcher(modifier).matches()) {
      throw text.refusal(
          ProblemCode.BAD_VALUE,
          "'%s' is not the name of a text search configuration, as english is."
              .formatted(modifier));
    }
    return modifier;
  }

  private static Condition.Predicate predicate(QueryText text, String value) {
    return Arrays.stream(Condition.Predicate.values())
        .filter(predicate -> predicate.name().equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(
            () ->
                text.refusal(
                    ProblemCode.BAD_VALUE,
                    "is takes null, not_null, true, false or unknown, not '%s'.".formatted(value)));
  }

  private Refusal unknown(QueryText text, int begin, Field field, String word) {
    String operators =
        Arrays.stream(Operator.values()).map(Operator::word).collect(Collectors.joining(", "));
    return text.refusalAt(
        begin,
        ProblemCode.UNKNOWN_OPERATOR,
        "'%s' is not an operator; the operators are %s, in, is, fts, plfts, phfts, wfts, as in %s=%s. %s"
            .formatted(
                word,
                operators,
                field.column(),
                columns.isSearched(field) ? "wfts.words" : "eq.value",
                WITH_COLUMN));
  }
}
