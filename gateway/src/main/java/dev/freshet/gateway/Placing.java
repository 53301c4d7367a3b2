package dev.freshet.gateway;

import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds out where an answer stands, and whether its client may have it: a promotion may have come
 * between request and answer.
 */
final class Placing {

  private final Requirements requirements;
  private final SystemView system;

  Placing(Requirements requirements, SystemView system) {
    this.requirements = requirements;
    this.system = system;
  }

  /** What came of it. */
  sealed interface Placed {

    /**
     * The client gets the answer.
     *
     * @param session on the timeline of the answer
     * @param at where the answer stands; null when that is unknown
     */
    record At(ClientSession session, @Nullable Position at) implements Placed {}

    /**
     * The client gets the answer to its write, and a token of each: they are of two timelines, and
     * what the later one has of the earlier is not told yet.
     *
     * @param seen what the client had seen; null when it brought no token
     * @param at where the write stands
     */
    record Apart(@Nullable Position seen, Position at) implements Placed {}

    /** The client must not have the answer, and gets another one. */
    record Withheld(Requirement.Refused refusal) implements Placed {}
  }

  /**
   * Places an answer, asking for the position first where the backend did not tell it.
   *
   * @param told what the backend said; or null
   */
  Mono<Placed> place(Answer answer, @Nullable Position told) {
    if (!answer.isOfSession()) {
      return Mono.just(new Placed.At(answer.session(), told));
    }
    if (told != null) {
      if (answer.instance().spec().kind() == SourceKind.PRIMARY
          && answer.instance().isToTellPosition()) {
        system.heard(told);
      }
      if (answer.isPromise() && isBehind(told, answer.candidate().minimum())) {
        return Mono.just(
            withheld(
                ProblemCode.NOT_CAUGHT_UP,
                "%s answered from %s, and this request needs %s; try again."
                    .formatted(answer.instance(), told, answer.candidate().minimum())));
      }
      return placeAt(answer, told);
    }
    return position(answer)
        .singleOptional()
        .flatMap(
            asked ->
                asked.isPresent() && !(answer.isOfWrite() && isOvertaken(answer, asked.get()))
                    ? placeAt(answer, asked.get())
                    : Mono.just(unknown(answer)));
  }

  /** It was asked for more, and answered all the same. */
  private static boolean isBehind(Position told, @Nullable Position minimum) {
    return minimum != null && told.timeline() == minimum.timeline() && !told.isAtOrPast(minimum);
  }

  /** Where the primary is says nothing of a write that was sent to the one before. */
  private static boolean isOvertaken(Answer answer, Position asked) {
    return answer.timeline() != 0 && asked.timeline() != answer.timeline();
  }

  /** After a write the primary's, after a read that of the database that was read. */
  private Mono<Position> position(Answer answer) {
    return answer.isOfWrite()
        // Once more, if it did not answer: it may only have been slow.
        ? system.ask().switchIfEmpty(Mono.defer(system::ask))
        : answer.instance().database().map(FreshnessGate::positionAfresh).orElseGet(Mono::empty);
  }

  /**
   * No position is known. The answer is withheld if this instance, or for a write anybody, reports
   * positions. That an earlier answer had one is no reason.
   */
  private Placed unknown(Answer answer) {
    boolean isMissed =
        answer.instance().isToTellPosition() || (answer.isOfWrite() && system.arePositionsTold());
    if (!answer.isOfData() || !isMissed) {
      return new Placed.At(answer.session(), null);
    }
    return answer.isOfWrite()
        ? withheld(
            ProblemCode.OUTCOME_UNKNOWN,
            "%s reported success, but no primary told its position afterwards. The write may be lost. Read before you retry. If this persists, set primary in routes.yaml."
                .formatted(answer.instance()))
        : withheld(
            ProblemCode.NOT_CAUGHT_UP,
            "%s sent no Freshet-Position, so the gateway can't tell whether this answer is fresh enough. Retry. If this persists, the backend must send Freshet-Position with every answer."
                .formatted(answer.instance()));
  }

  private static Placed withheld(ProblemCode code, String detail) {
    return new Placed.Withheld(Requirement.Refused.of(code, detail));
  }

  private Mono<Placed> placeAt(Answer answer, Position at) {
    if (!system.isFormer(at) && !answer.session().isOvertakenBy(at)) {
      return Mono.just(new Placed.At(answer.session(), at));
    }
    Mono<Placed> placed =
        Mono.fromSupplier(() -> answer.isOfWrite() ? write(answer, at) : read(answer, at));
    boolean isNews = at.timeline() > system.timeline() || system.isHistoryAwaited();
    return isNews ? system.ask().then(placed) : placed;
  }

  /** What was written may be lost by the promotion, and what the client had seen before, too. */
  private Placed write(Answer answer, Position at) {
    ClientSession session = answer.session();
    Optional<TimelineHistory> history = system.toldHistory();
    if (history.isEmpty() || at.timeline() > history.get().current()) {
      return new Placed.Apart(session.seen(), at);
    }
    Optional<Position> placed = history.get().carriedOver(at);
    if (placed.isEmpty()) {
      return answer.isPromise()
          ? withheld(
              ProblemCode.OUTCOME_UNKNOWN,
              "%s wrote it as a former primary, and the new one may not have it. Read before trying again."
                  .formatted(answer.instance()))
          : new Placed.At(session, null);
    }
    return session
        .carriedOver(history.get())
        .map(carried -> new Placed.At(carried, placed.get()))
        // The client's next request is refused.
        .orElseGet(() -> new Placed.At(session, session.seen()));
  }

  /** What was read may be of what is lost, or lack what the client had seen and is lost. */
  private Placed read(Answer answer, Position at) {
    Optional<Position> placed = system.toldHistory().flatMap(history -> history.carriedOver(at));
    if (placed.isEmpty()) {
      return answer.isPromise()
          ? withheld(
              ProblemCode.NOT_CAUGHT_UP,
              "%s answered while the primary was replaced; try again.".formatted(answer.instance()))
          : new Placed.At(answer.session(), null);
    }
    return switch (requirements.afterPromotion(answer.session(), placed.get(), null)) {
      case Requirement.Met(ClientSession session, Flaw ignored) ->
          new Placed.At(session, placed.get());
      case Requirement.Refused refused -> new Placed.Withheld(refused);
    };
  }
}
