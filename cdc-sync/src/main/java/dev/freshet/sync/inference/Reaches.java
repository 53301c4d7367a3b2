package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Select;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The reaches from each mention of a table in a query. */
final class Reaches {

  private Reaches() {}

  /**
   * Those of any query.
   *
   * @param wanted columns by which rows had best be found
   * @param known columns that are of use, too, those wanted among them
   */
  static List<Reach> of(Query query, Set<String> wanted, Set<String> known) {
    return switch (query) {
      case Select select -> new SelectReaches(select, wanted, known).all();
      case Query.Combined combined -> ofCombined(combined, wanted, known);
      case Query.Values values ->
          values.expression().queries().stream()
              .flatMap(nested -> of(nested, Set.of(), Set.of()).stream())
              .<Reach>map(
                  reach -> new Reach.Whole(reach.table(), reach.signal(), "VALUES reads it"))
              .toList();
    };
  }

  /** A row of the result follows from the branches' rows with the same values. */
  private static List<Reach> ofCombined(
      Query.Combined combined, Set<String> wanted, Set<String> known) {
    List<Reach> all = new ArrayList<>();
    for (Query branch : combined.branches()) {
      for (Reach reach :
          of(branch, inBranch(combined, branch, wanted), inBranch(combined, branch, known))) {
        all.add(
            switch (reach) {
              case Reach.Whole whole -> whole;
              case Reach.Rows rows when combined.isCut() ->
                  new Reach.Whole(rows.table(), rows.signal(), ResultReach.CUT);
              case Reach.Rows rows -> renamed(combined, branch, rows);
            });
      }
    }
    for (Query nested : combined.tail().queries()) {
      for (Reach reach : of(nested, Set.of(), Set.of())) {
        all.add(new Reach.Whole(reach.table(), reach.signal(), ResultReach.CUT));
      }
    }
    return all;
  }

  private static Set<String> inBranch(Query.Combined combined, Query branch, Set<String> columns) {
    return columns.stream()
        .map(column -> branch.columns().get(combined.columns().indexOf(column)))
        .collect(Collectors.toSet());
  }

  private static Reach renamed(Query.Combined combined, Query branch, Reach.Rows rows) {
    List<String> names = branch.columns();
    List<String> here = new ArrayList<>();
    List<String> list = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      if (rows.columns().contains(names.get(i))) {
        here.add(combined.columns().get(i));
        list.add(
            "branch.%s as %s"
                .formatted(
                    TableName.quoted(names.get(i)), TableName.quoted(combined.columns().get(i))));
      }
    }
    return new Reach.Rows(
        rows.table(),
        // The second half gives the columns the types that they have in the result.
        "select %s from (%s) branch union all select %s from (%s) whole where false"
            .formatted(
                String.join(", ", list),
                rows.sql(),
                here.stream()
                    .map(column -> "whole." + TableName.quoted(column))
                    .collect(Collectors.joining(", ")),
                combined.sql()),
        Set.copyOf(here),
        rows.signal());
  }
}
