package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Whole transactions, each once and in order; anything else is noticed. */
class AssemblyTest {

  private static final long LAST = 200;

  private static List<String> read(List<Chunk> chunks, Place applied) {
    List<String> all = new ArrayList<>();
    try (Assembly assembly = new Assembly(applied)) {
      for (Chunk chunk : chunks) {
        assembly
            .take(Chunk.of(chunk.bytes()))
            .ifPresent(
                whole -> {
                  SourceTransaction transaction = ((LogEntry.Committed) whole).transaction();
                  all.add(Written.text(transaction));
                  transaction.changes().close();
                });
      }
    }
    return all;
  }

  private static List<String> expected(long first, long last) {
    return LongStream.rangeClosed(first, last)
        .mapToObj(number -> Written.text(Written.transaction(number)))
        .toList();
  }

  private static int firstOf(List<Chunk> chunks, long number) {
    for (int i = 0; i < chunks.size(); i++) {
      if (chunks.get(i).end().value() == number) {
        return i;
      }
    }
    throw new AssertionError("no transaction " + number);
  }

  @Test
  void whatIsWrittenIsRead() {
    List<Chunk> chunks = Written.chunks(1, LAST);
    assertThat(read(chunks, Written.place(0))).isEqualTo(expected(1, LAST));
    assertThat(read(chunks, Written.place(50))).isEqualTo(expected(51, LAST));
    assertThat(read(chunks, Written.place(LAST))).isEmpty();
  }

  @Test
  void oneValueMayGoOnOverManyChunks() {
    SourceTransaction large = Written.large(1, 3 * Chunk.MOST_BYTES + 17);
    List<Chunk> chunks = new ArrayList<>();
    Chunks.of(Written.place(0), 0, large, chunks::add);
    assertThat(chunks).hasSize(4);
    assertThat(chunks).allMatch(chunk -> chunk.bytes().length < Chunk.MOST_BYTES + 200);
    assertThat(read(chunks, Written.place(0))).containsExactly(Written.text(large));
    List<Chunk> spilled = new ArrayList<>();
    SourceTransaction beyondMemory = Written.large(1, 20 << 20);
    Chunks.of(Written.place(0), 0, beyondMemory, spilled::add);
    assertThat(read(spilled, Written.place(0))).containsExactly(Written.text(beyondMemory));
  }

  /** As a writer leaves it that is killed, and its successor begins again. */
  @Test
  void partOfATransactionIsForgottenWhenItComesAnew() {
    List<Chunk> chunks = new ArrayList<>();
    Chunks.of(Written.place(0), 0, Written.large(1, 3 * Chunk.MOST_BYTES), chunks::add);
    List<Chunk> twice = new ArrayList<>(chunks.subList(0, 2));
    twice.addAll(chunks);
    twice.addAll(Written.chunks(2, 10));
    assertThat(read(twice, Written.place(0)))
        .hasSize(10)
        .endsWith(expected(2, 10).toArray(String[]::new));
  }

  @Test
  void whatIsRepeatedIsPassedOver() {
    List<Chunk> chunks = new ArrayList<>(Written.chunks(1, 100));
    chunks.addAll(Written.chunks(60, LAST));
    assertThat(read(chunks, Written.place(0))).isEqualTo(expected(1, LAST));
  }

  @Test
  void lostTransactionIsNoticed() {
    List<Chunk> chunks = new ArrayList<>(Written.chunks(1, 100));
    chunks.removeIf(chunk -> chunk.end().value() == 40);
    assertThatThrownBy(() -> read(chunks, Written.place(0)))
        .isInstanceOf(LogBroken.class)
        .hasMessageContaining("something at 1:0/29 that follows a transaction at 1:0/28");
    assertThatThrownBy(() -> read(Written.chunks(10, 20), Written.place(5)))
        .isInstanceOf(LogBroken.class);
  }

  @Test
  void lostChunkIsNoticed() {
    List<Chunk> chunks = new ArrayList<>();
    Chunks.of(Written.place(0), 0, Written.large(1, 3 * Chunk.MOST_BYTES), chunks::add);
    for (int lost = 0; lost < chunks.size(); lost++) {
      List<Chunk> fewer = new ArrayList<>(chunks);
      fewer.remove(lost);
      fewer.addAll(Written.chunks(2, 5));
      assertThatThrownBy(() -> read(fewer, Written.place(0)))
          .as("without chunk %d", lost)
          .isInstanceOf(LogBroken.class);
    }
  }

  @Test
  void swappedTransactionsAreNoticed() {
    List<Chunk> chunks = new ArrayList<>(Written.chunks(1, 100));
    List<Chunk> forty = chunks.stream().filter(chunk -> chunk.end().value() == 40).toList();
    chunks.removeAll(forty);
    chunks.addAll(firstOf(chunks, 42), forty);
    assertThatThrownBy(() -> read(chunks, Written.place(0))).isInstanceOf(LogBroken.class);
  }

  @Test
  void whatIsToldComesBetweenTheTransactionsThatItStandsBetween() {
    List<Chunk> chunks = new ArrayList<>(Written.chunks(1, 2));
    String large = "{\"x\": \"%s\"}".formatted("é".repeat(Chunk.MOST_BYTES));
    Chunks.of(
        Chunk.Kind.SCHEMA,
        Written.place(2),
        Written.place(2),
        Instant.EPOCH,
        -1,
        large,
        chunks::add);
    Chunks.of(
        Chunk.Kind.GAP, Written.place(2), Written.place(9), Instant.EPOCH, 7, "{}", chunks::add);
    chunks.addAll(Written.chunks(10, 10));
    List<String> all = new ArrayList<>();
    try (Assembly assembly = new Assembly(Written.place(1))) {
      for (Chunk chunk : chunks) {
        switch (assembly.take(Chunk.of(chunk.bytes())).orElse(null)) {
          case LogEntry.Committed(SourceTransaction transaction) ->
              all.add(transaction.end().toString());
          case LogEntry.Told told ->
              all.add("%s %s %d".formatted(told.kind(), told.end(), told.content().length()));
          case null -> {}
        }
      }
    }
    assertThat(all)
        .containsExactly("1:0/2", "SCHEMA 1:0/2 " + large.length(), "GAP 1:0/9 2", "1:0/A");
  }

  @Test
  void recordsOfLaterVersionsAreRefused() {
    byte[] record = Written.chunks(1, 1).getFirst().bytes();
    record[0] = 9;
    assertThatThrownBy(() -> Chunk.of(record))
        .isInstanceOf(LogBroken.class)
        .hasMessageContaining("version 9");
    assertThatThrownBy(() -> Chunk.of(new byte[] {1, 1, 0}))
        .isInstanceOf(LogBroken.class)
        .hasMessageContaining("can't be read");
  }
}
