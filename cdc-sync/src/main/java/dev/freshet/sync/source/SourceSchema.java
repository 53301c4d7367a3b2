package dev.freshet.sync.source;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a source's tables, types and functions look like now. */
public interface SourceSchema {

  /**
   * Looks a table up; it may come later, so that its absence is no error.
   *
   * @throws SyncRefused when it can't be mirrored exactly; it says why and what to do
   */
  Optional<SourceTable> find(TableName name);

  /**
   * The user's types that these tables' columns are of, directly or within others, those first that
   * others are made of.
   *
   * @param tables their {@link SourceTable#oid}s
   */
  List<UserType> userTypes(Set<Long> tables);

  /**
   * The user's functions, in SQL or PL/pgSQL, of one of these names, whatever their schema, and
   * those that their definitions name; none that run with their owner's rights.
   */
  List<UserFunction> functions(Set<String> names);

  /** The extensions that bring a function of one of these names. */
  List<UserType.Extension> extensions(Set<String> names);

  /**
   * The views of one of these names, whatever their schema, and those that they read, before the
   * views that read them.
   */
  List<UserView> views(Set<String> names);

  /**
   * Those of the tables that are partitions of others of them, each as a SELECT over the topmost of
   * these parents: only in the parent's name do their changes come then.
   */
  List<UserView> partitionsWithinOthers(Collection<TableName> tables);

  /** The tables of one of these names, whatever their schema. */
  Set<TableName> named(Set<String> names);

  /**
   * Makes sure that the source can answer a SELECT; nothing is run.
   *
   * @throws SyncRefused when it can't
   */
  void requireAnswerable(String model, String select);

  /** All of it, as it is now. */
  SchemaImage image();

  /** A text that differs whenever something of it came, went or was altered. */
  String version();
}
