package dev.freshet.sync.apply;

import dev.freshet.sync.apply.MaintainedModel.Moment;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way through mirrors and models, within the caller's transaction.
 *
 * <p>Changes are applied one table at a time, and what they touch is looked for before and after:
 * what a row leaves is found as well as what it joins. What was touched is computed at the end.
 */
final class Batch {

  private final Kept kept;
  private final Sql sql;
  private final DeadLetters deadLetters;
  private final Place place;
  private final boolean carefully;
  private final boolean hadLetters;
  private boolean hasLetters;

  /**
   * Prepares a batch.
   *
   * @param place that is being applied
   * @param hadLetters whether there may be dead letters already
   * @param carefully whether what is refused goes to the dead letters, row by row
   */
  Batch(Kept kept, Place place, boolean hadLetters, boolean carefully) {
    this.kept = kept;
    this.sql = kept.sql();
    this.deadLetters = kept.deadLetters();
    this.place = place;
    this.carefully = carefully;
    this.hadLetters = hadLetters || carefully;
  }

  void apply(List<SourceTransaction> transactions) {
    if (transactions.stream().allMatch(transaction -> transaction.changes().isEmpty())) {
      return;
    }
    begin();
    ChangeCollector collector = new ChangeCollector(kept.mirrors(), this::applyTable);
    EventLog.Notes events = kept.events().notes();
    for (SourceTransaction transaction : transactions) {
      transaction
          .changes()
          .forEachChunk(
              changes -> {
                collector.add(changes);
                events.add(transaction.end(), changes);
              });
    }
    collector.flush();
    events.write();
    finish();
  }

  private void begin() {
    kept.models()
        .values()
        .forEach(model -> model.begin(sql, !hadLetters, kept.deltas().noteFor(model.name())));
    kept.building().values().forEach(model -> model.maintained().begin(sql, !hadLetters, null));
  }

  private List<MaintainedModel> readers() {
    List<MaintainedModel> readers = new ArrayList<>(kept.models().values());
    kept.building().values().forEach(model -> readers.add(model.maintained()));
    return readers;
  }

  private void finish() {
    kept.models().values().forEach(model -> ModelFailed.watch(model, () -> finish(model)));
    kept.building().values().forEach(model -> model.note(sql));
    if (hadLetters || hasLetters) {
      kept.showLetters();
    }
  }

  private void applyTable(Mirror mirror, TableChanges changes) {
    if (hadLetters) {
      changes.fill(deadLetters.rows(mirror.table().name(), changes.wanted()));
    }
    touch(mirror, changes, Moment.BEFORE);
    if (hadLetters) {
      // Whether these rows are accepted or not, an older refusal of them is obsolete.
      if (changes.truncated()) {
        deadLetters.forget(null, mirror.table().name());
      } else {
        deadLetters.resolve(null, mirror.table().name(), changes.keys());
      }
    }
    if (carefully) {
      mirror.applyCarefully(sql, changes, (write, why) -> refused(mirror, write, why));
    } else {
      try {
        mirror.apply(sql, changes);
      } catch (ApplyFailed e) {
        throw new MirrorFailed(mirror, e);
      }
    }
    touch(mirror, changes, Moment.AFTER);
  }

  private void touch(Mirror mirror, TableChanges changes, Moment moment) {
    TableName table = mirror.table().name();
    for (MaintainedModel model : readers()) {
      if (model.reads(table)) {
        ModelFailed.watch(model, () -> model.touch(sql, kept.mirrors(), mirror, changes, moment));
      }
    }
  }

  private void finish(MaintainedModel model) {
    if (carefully) {
      model.finishCarefully(
          sql,
          (unit, why) -> {
            hasLetters = true;
            kept.deltas().reset(model.name(), "One of its rows was refused.");
            deadLetters.add(model.name(), null, unit, null, message(why), place.toString());
          });
    } else {
      model.finish(sql);
      if (hadLetters) {
        model.touched().forEachChunk(sql, units -> deadLetters.resolve(model.name(), null, units));
      }
    }
  }

  private void refused(Mirror mirror, Mirror.Write write, ApplyFailed why) {
    hasLetters = true;
    deadLetters.add(
        null, mirror.table().name(), write.key(), write.row(), message(why), place.toString());
  }

  private static String message(ApplyFailed why) {
    return String.valueOf(why.getMessage());
  }

  /**
   * Settles a dead letter: applies what it holds, or recomputes what it touches from what is there.
   */
  void settle(DeadLetters.Letter letter, boolean givenUp) {
    begin();
    TableName table = letter.table();
    if (table != null) {
      Mirror mirror = Objects.requireNonNull(kept.mirrors().get(table), table::toString);
      TableChanges changes = mirror.noChanges();
      List<String> key = letter.key().stream().map(Objects::requireNonNull).toList();
      List<@Nullable String> row = letter.row();
      changes.add(
          row == null ? new RowChange.Delete(table, key) : new RowChange.Upsert(table, row, null));
      touch(mirror, changes, Moment.BEFORE);
      if (givenUp) {
        kept.events().giveUp(table, key);
      } else {
        mirror.apply(sql, changes);
        kept.events().settled(table);
      }
      touch(mirror, changes, Moment.AFTER);
    } else {
      MaintainedModel model = kept.models().get(letter.model());
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
