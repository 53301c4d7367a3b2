package dev.freshet.read.search;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.Field;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Seek;
import dev.freshet.read.store.Count;
import dev.freshet.read.store.Question;
import dev.freshet.search.IndexedType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The search for the rows that a query asks for: conditions, order, and from where on. */
final class RowsRequest {

  private RowsRequest() {}

  /** Whether it is how well a row matches that is sorted by, and not a column. */
  static boolean isRank(Model model, Field field) {
    return field.path().isEmpty() && model.isRank(field.column());
  }

  /**
   * The request's body.
   *
   * @param filters writes the conditions, and notes which columns they are on
   */
  static String of(Question question, Filters filters, long limit, long offset) {
    ModelQuery query = question.query();
    Seek seek = query.seek();
    boolean isBackwards = seek != null && seek.isBackwards();
    List<String> sort = new ArrayList<>();
    List<String> after = new ArrayList<>();
    for (int i = 0; i < query.order().size(); i++) {
      ModelQuery.Order asked = query.order().get(i);
      ModelQuery.Order member = isBackwards ? asked.reversed() : asked;
      sort.add(sorted(question.model(), filters, member));
      if (seek != null) {
        after.add(after(question.model(), filters, member.field(), seek.values().get(i)));
      }
    }
    return "{\"query\":%s,\"sort\":[%s]%s,\"from\":%d,\"size\":%d,\"track_total_hits\":%s}"
        .formatted(
            filters.matching(query.where()),
            String.join(",", sort),
            seek == null ? "" : ",\"search_after\":[%s]".formatted(String.join(",", after)),
            offset,
            limit,
            question.count() == Count.EXACT);
  }

  private static String sorted(Model model, Filters filters, ModelQuery.Order member) {
    String direction = member.descending() ? "desc" : "asc";
    if (isRank(model, member.field())) {
      return "{\"_score\":{\"order\":\"%s\"}}".formatted(direction);
    }
    Field field = filters.ordered(member.field());
    return "{\"%s\":{\"order\":\"%s\",\"missing\":\"%s\"}}"
        .formatted(
            filters.field(field.column()), direction, member.isNullsFirst() ? "_first" : "_last");
  }

  private static String after(Model model, Filters filters, Field field, Optional<String> value) {
    if (value.isEmpty() || isRank(model, field)) {
      throw new Elsewhere("pages behind such a row");
    }
    IndexedType type = filters.type(field);
    String indexed =
        type.ofQuery(value.get()).orElseThrow(() -> new Elsewhere("pages behind such a row"));
    return switch (type.form()) {
      case BOOLEAN -> indexed.equals("true") ? "1" : "0";
      case TEXT,
          UUID,
          SMALLINT,
          INTEGER,
          BIGINT,
          DECIMAL,
          REAL,
          DOUBLE,
          DAYS,
          MICROS,
          MICROS_OF_ZONE ->
          indexed;
    };
  }
}
