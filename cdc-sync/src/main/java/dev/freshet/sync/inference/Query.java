package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A query with named columns. */
sealed interface Query {

  /** The columns' names, in order. */
  List<String> columns();

  /** The tables that it mentions anywhere. */
  Set<TableName> tables();

  /**
   * The ways from each mention of a table.
   *
   * @param wanted those of its columns that somebody asks for
   */
  List<Way> ways(Set<String> wanted);

  /** Adds the indexes by which its rows are found by a column, as far as tables can have them. */
  void addIndexes(String column, Set<WantedIndex> indexes);

  /** Adds the indexes that its joins want. */
  void addJoinIndexes(Set<WantedIndex> indexes);

  /** Several queries put together by UNION, INTERSECT or EXCEPT, column by column. */
  record Combined(List<Query> branches) implements Query {

    @Override
    public List<String> columns() {
      return branches.getFirst().columns();
    }

    @Override
    public Set<TableName> tables() {
      return branches.stream()
          .flatMap(branch -> branch.tables().stream())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** A result row follows from the branches' rows with the same values. */
    @Override
    public List<Way> ways(Set<String> wanted) {
      return branches.stream().flatMap(branch -> waysOf(branch, wanted).stream()).toList();
    }

    private List<Way> waysOf(Query branch, Set<String> wanted) {
      Set<String> wantedThere =
          wanted.stream().map(column -> columnIn(branch, column)).collect(Collectors.toSet());
      return branch.ways(wantedThere).stream()
          .map(
              way ->
                  switch (way) {
                    case Way.Unknown unknown -> unknown;
                    case Way.Known known -> renamed(branch, known);
                  })
          .toList();
    }

    private Way renamed(Query branch, Way.Known way) {
      List<String> here =
          columns().stream().filter(c -> way.columns().contains(columnIn(branch, c))).toList();
      String list =
          here.stream()
              .map(c -> Names.quoted(columnIn(branch, c)) + " as " + Names.quoted(c))
              .collect(Collectors.joining(", "));
      return new Way.Known(
          way.table(), "select %s from (%s) branch".formatted(list, way.sql()), Set.copyOf(here));
    }

    private String columnIn(Query branch, String column) {
      return branch.columns().get(columns().indexOf(column));
    }

    @Override
    public void addIndexes(String column, Set<WantedIndex> indexes) {
      branches.forEach(branch -> branch.addIndexes(columnIn(branch, column), indexes));
    }

    @Override
    public void addJoinIndexes(Set<WantedIndex> indexes) {
      branches.forEach(branch -> branch.addJoinIndexes(indexes));
    }
  }

  /** One SELECT. */
  record Single(Block block) implements Query {

    @Override
    public List<String> columns() {
      return block.columns();
    }

    @Override
    public Set<TableName> tables() {
      return block.tables();
    }

    @Override
    public List<Way> ways(Set<String> wanted) {
      return block.ways(wanted);
    }

    @Override
    public void addIndexes(String column, Set<WantedIndex> indexes) {
      block.indexes().addIndexes(column, indexes);
    }

    @Override
    public void addJoinIndexes(Set<WantedIndex> indexes) {
      block.indexes().addJoinIndexes(indexes);
    }
  }
}
