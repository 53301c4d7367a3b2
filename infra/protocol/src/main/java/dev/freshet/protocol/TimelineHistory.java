package dev.freshet.protocol;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where the timelines that a server has behind it ended.
 *
 * <p>A promotion starts a timeline. What stood at or before the point where it branched off is part
 * of its history, too; what came after that on the former timeline is lost to it. Written {@code
 * 1:0/5000000,2:0/7000000}.
 *
 * @param current the timeline that the server is on
 * @param ends by earlier timeline, where it was left
 */
public record TimelineHistory(int current, SortedMap<Integer, Lsn> ends) {

  public TimelineHistory {
    ends = new TreeMap<>(ends);
  }

  /** A timeline of whose history nothing is known, as nothing is before the first. */
  public static TimelineHistory startingAt(int timeline) {
    return new TimelineHistory(timeline, new TreeMap<>());
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static TimelineHistory parse(int current, String text) {
    SortedMap<Integer, Lsn> ends = new TreeMap<>();
    Arrays.stream(text.split(",", -1))
        .filter(member -> !member.isBlank())
        .map(Position::parse)
        .forEach(end -> ends.put(end.timeline(), end.lsn()));
    return new TimelineHistory(current, ends);
  }

  /** Where a timeline was left; empty when it is none of this history. */
  public Optional<Lsn> end(int timeline) {
    return Optional.ofNullable(ends.get(timeline));
  }

  /** The same place on the current timeline; empty when it is no part of its history. */
  public Optional<Position> carriedOver(Position position) {
    if (position.timeline() == current) {
      return Optional.of(position);
    }
    return end(position.timeline())
        .filter(end -> position.lsn().compareTo(end) <= 0)
        .map(end -> new Position(current, position.lsn()));
  }

  @Override
  public String toString() {
    return ends.entrySet().stream()
        .map(Map.Entry::toString)
        .map(entry -> entry.replace('=', ':'))
        .collect(Collectors.joining(","));
  }
}
