package dev.freshet.sync.inference;

import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.inference.Source.Relation;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The indexes that make one SELECT's ways short, from changes to rows and from keys to rows. */
final class BlockIndexes {

  private final Block block;

  BlockIndexes(Block block) {
    this.block = block;
  }

  /** Those by which the SELECT's rows are found by a column. */
  void addIndexes(String column, Set<WantedIndex> indexes) {
    Condition output = block.output(column).orElse(null);
    if (output == null) {
      return;
    }
    Set<String> aliases =
        output.columns().stream().map(Source.ColumnRef::alias).collect(Collectors.toSet());
    if (aliases.size() != 1) {
      return;
    }
    Source only = block.source(aliases.iterator().next());
    Source.ColumnRef first = output.columns().iterator().next();
    if (output.columns().size() == 1 && Block.isColumn(output.text())) {
      addIndex(first, indexes);
    } else if (only.relation() instanceof Relation.Table table && !output.hasSubquery()) {
      indexes.add(
          new WantedIndex(
              table.name(), "(" + unqualified(output.text(), only.alias()) + ")", null));
    }
  }

  private static String unqualified(String text, String alias) {
    StringBuilder sql = new StringBuilder(text);
    List<SqlTokens.Token> tokens = SqlTokens.of(text);
    for (int i = tokens.size() - 2; i >= 0; i--) {
      if (tokens.get(i).isName()
          && tokens.get(i).text().equals(alias)
          && tokens.get(i + 1).isSymbol(".")) {
        sql.delete(tokens.get(i).start(), tokens.get(i + 1).end());
      }
    }
    return sql.toString();
  }

  private void addIndex(Source.ColumnRef column, Set<WantedIndex> indexes) {
    switch (block.source(column.alias()).relation()) {
      case Relation.Table table ->
          indexes.add(
              new WantedIndex(table.name(), Names.quoted(column.column()), column.column()));
      case Relation.Derived derived ->
          Block.inInner(derived, Set.of(column.column()))
              .forEach(inner -> derived.query().addIndexes(inner, indexes));
      case Relation.Opaque ignored -> {}
    }
  }

  /** Those that its joins go by. */
  void addJoinIndexes(Set<WantedIndex> indexes) {
    List<Condition> conditions = new ArrayList<>(block.where());
    block.sources().forEach(source -> conditions.addAll(source.conditions()));
    for (Condition condition : conditions) {
      boolean joins =
          condition.columns().stream().map(Source.ColumnRef::alias).distinct().count() > 1;
      List<SqlTokens.Token> tokens = SqlTokens.of(condition.text());
      boolean isEquality = tokens.stream().anyMatch(token -> token.isSymbol("="));
      if (joins && isEquality && condition.columns().size() == 2) {
        condition.columns().forEach(column -> addIndex(column, indexes));
      }
    }
    for (Source source : block.sources()) {
      if (source.relation() instanceof Relation.Derived derived) {
        derived.query().addJoinIndexes(indexes);
      }
    }
  }
}
