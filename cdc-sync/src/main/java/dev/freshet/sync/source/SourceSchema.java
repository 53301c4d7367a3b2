package dev.freshet.sync.source;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Map;
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
   * Of what kind functions are.
   *
   * @param aggregates names of aggregates
   * @param userAggregates names of aggregates that are not PostgreSQL's own
   * @param volatiles names under which there are volatile functions alone
   */
  record Functions(Set<String> aggregates, Set<String> userAggregates, Set<String> volatiles) {}

  /** Looks functions up by their names, whatever their schema. */
  Functions functions(Set<String> names);

  /**
   * The columns that a SELECT would have, with their types; nothing is run.
   *
   * @throws SyncRefused when the source can't answer it
   */
  Map<String, String> describe(String model, String select);
}
