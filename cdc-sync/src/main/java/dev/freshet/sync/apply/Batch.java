package dev.freshet.sync.apply;

import dev.freshet.protocol.Position;
import dev.freshet.sync.apply.MaintainedModel.Moment;
import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way through mirrors and models, within the caller's transaction.
 *
 * <p>Changes are applied one table at a time, and what they touch is looked for before and after:
 * what a row leaves is found as well as what it joins. What was touched is computed at the end.
 */
final class Batch {

  private final Sql sql;
  private final Map<TableName, Mirror> mirrors;
  private final Map<String, MaintainedModel> models;
  private final Map<String, BuildingModel> building;
  private final DeadLetters deadLetters;
  private final Position position;
  private final boolean carefully;
  private final boolean hadLetters;
  private boolean hasLetters;

  /**
   * Prepares a batch.
   *
   * @param position that is being applied
   * @param hadLetters whether there may be dead letters already
   * @param carefully whether what is refused goes to the dead letters, row by row
   */
  Batch(
      Sql sql,
      Map<TableName, Mirror> mirrors,
      Map<String, MaintainedModel> models,
      Map<String, BuildingModel> building,
      DeadLetters deadLetters,
      Position position,
      boolean hadLetters,
      boolean carefully) {
    this.sql = sql;
    this.mirrors = mirrors;
    this.models = models;
    this.building = building;
    this.deadLetters = deadLetters;
    this.position = position;
    this.carefully = carefully;
    this.hadLetters = hadLetters || carefully;
  }

  void apply(List<SourceTransaction> transactions) {
    if (transactions.stream().allMatch(transaction -> transaction.changes().isEmpty())) {
      return;
    }
    begin();
    ChangeCollector collector = new ChangeCollector(mirrors, this::applyTable);
    for (SourceTransaction transaction : transactions) {
      transaction.changes().forEachChunk(collector::add);
    }
    collector.flush();
    finish();
  }

  private void begin() {
    models.values().forEach(model -> model.begin(sql));
    building.values().forEach(model -> model.maintained().begin(sql));
  }

  private void finish() {
    models.values().forEach(model -> ModelFailed.watch(model, () -> finish(model)));
    building.values().forEach(model -> model.note(sql));
    if (hadLetters || hasLetters) {
      models.values().forEach(this::showLetters);
    }
  }

  private void applyTable(Mirror mirror, TableChanges changes) {
    touch(mirror, changes, Moment.BEFORE);
    if (hadLetters) {
      // Whatever comes of these rows now, an older refusal of them is of no use any more.
      if (changes.truncated()) {
        deadLetters.forget(null, mirror.table().name());
      } else {
        deadLetters.resolve(null, mirror.table().name(), changes.keys());
      }
    }
    if (carefully) {
      mirror.applyCarefully(sql, changes, (write, why) -> refused(mirror, write, why));
    } else {
      mirror.apply(sql, changes);
    }
    touch(mirror, changes, Moment.AFTER);
  }

  private void touch(Mirror mirror, TableChanges changes, Moment moment) {
    TableName table = mirror.table().name();
    List<MaintainedModel> readers = new ArrayList<>(models.values());
    building.values().forEach(model -> readers.add(model.maintained()));
    for (MaintainedModel model : readers) {
      if (model.reads(table)) {
        ModelFailed.watch(model, () -> model.touch(sql, mirrors, mirror, changes, moment));
      }
    }
  }

  private void finish(MaintainedModel model) {
    if (carefully) {
      model.finishCarefully(
          sql,
          (unit, why) -> {
            hasLetters = true;
            deadLetters.add(model.name(), null, unit, null, message(why), position.toString());
          });
    } else {
      model.finish(sql, !hadLetters);
      if (hadLetters) {
        model.touched().forEachChunk(sql, units -> deadLetters.resolve(model.name(), null, units));
      }
    }
  }

  private void refused(Mirror mirror, Mirror.Write write, ApplyFailed why) {
    hasLetters = true;
    deadLetters.add(
        null, mirror.table().name(), write.key(), write.row(), message(why), position.toString());
  }

  private static String message(ApplyFailed why) {
    return String.valueOf(why.getMessage());
  }

  /** What dead letters touch is not served. */
  private void showLetters(MaintainedModel model) {
    long count =
        deadLetters.all().stream()
            .filter(
                letter ->
                    model.name().equals(letter.model())
                        || (letter.table() != null && model.reads(letter.table())))
            .count();
    sql.update(
        """
        update freshet.model set state = s.state[1], reason = s.state[2]
        from (select ?::text[] as state, ?::text[] as name) s
        where freshet.model.name = s.name[1] and freshet.model.state in ('live', 'faulty')
          and freshet.model.state <> s.state[1]
        """,
        List.of(
            count == 0
                ? new String[] {ModelStore.State.LIVE.stored(), ""}
                : new String[] {
                  ModelStore.State.FAULTY.stored(),
                  "Changes that touch it wait among the dead letters: retry or discard them."
                },
            new String[] {model.name()}));
  }

  /**
   * Settles a dead letter: applies what it holds, or computes anew what it touches from what is
   * there.
   */
  void settle(DeadLetters.Letter letter, boolean givenUp) {
    begin();
    TableName table = letter.table();
    if (table != null) {
      Mirror mirror = Objects.requireNonNull(mirrors.get(table), table::toString);
      TableChanges changes = mirror.noChanges();
      List<String> key = letter.key().stream().map(Objects::requireNonNull).toList();
      List<@Nullable String> row = letter.row();
      changes.add(
          row == null ? new RowChange.Delete(table, key) : new RowChange.Upsert(table, row, null));
      touch(mirror, changes, Moment.BEFORE);
      if (!givenUp) {
        mirror.apply(sql, changes);
      }
      touch(mirror, changes, Moment.AFTER);
    } else {
      MaintainedModel model = models.get(letter.model());
      if (model != null) {
        if (givenUp) {
          model.remove(sql, letter.key());
        }
        model.touched().add(sql, List.of(letter.key()));
      }
    }
    deadLetters.remove(letter.id());
    finish();
  }
}
