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
    return all;
  }

  private static Set<String> inBranch(Query.Combined combined, Query branch, Set<String> columns) {
    return Reach.atTheSamePlaces(columns, combined.columns(), branch.columns());
  }

  /** The second half gives the columns the types that they have in the result. */
  private static Reach renamed(Query.Combined combined, Query branch, Reach.Rows rows) {
    Reach.Rows named = rows.renamed(branch.columns(), combined.columns());
    String list =
        combined.columns().stream()
            .filter(named.columns()::contains)
            .map(column -> "whole." + TableName.quoted(column))
            .collect(Collectors.joining(", "));
    return new Reach.Rows(
        rows.table(),
        "%s union all select %s from (%s) whole where false"
            .formatted(named.sql(), list, combined.sql()),
        named.columns(),
        rows.signal());
  }
}
