package dev.freshet.gateway.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Sinks;

class SharedQuestionTest {

  private final List<Sinks.One<Integer>> questions = new ArrayList<>();
  private final SharedQuestion<Integer> shared =
      new SharedQuestion<>(
          () -> {
            Sinks.One<Integer> question = Sinks.one();
            questions.add(question);
            return question.asMono();
          });

  @Test
  void whoAsksWhileAQuestionIsUnderWaySharesTheNextOne() {
    List<String> answers = new ArrayList<>();
    shared.ask().subscribe(answer -> answers.add("a" + answer));
    shared.ask().subscribe(answer -> answers.add("b" + answer));
    shared.ask().subscribe(answer -> answers.add("c" + answer));
    assertThat(questions).hasSize(1);
    questions.getFirst().tryEmitValue(1);
    assertThat(answers).containsExactly("a1");
    assertThat(questions).hasSize(2);
    questions.getLast().tryEmitValue(2);
    assertThat(answers).containsExactly("a1", "b2", "c2");
    assertThat(questions).hasSize(2);
    shared.ask().subscribe(answer -> answers.add("d" + answer));
    assertThat(questions).hasSize(3);
  }

  @Test
  void questionThatFailsOrHasNoAnswerDoesNotEndTheAsking() {
    List<String> ends = new ArrayList<>();
    shared.ask().subscribe(answer -> {}, failure -> ends.add("failed"));
    shared.ask().subscribe(answer -> {}, failure -> {}, () -> ends.add("empty"));
    questions.getFirst().tryEmitError(new IllegalStateException("gone"));
    questions.getLast().tryEmitEmpty();
    assertThat(ends).containsExactly("failed", "empty");
    shared.ask().subscribe(answer -> ends.add("answer " + answer));
    questions.getLast().tryEmitValue(3);
    assertThat(ends).endsWith("answer 3");
  }

  @Test
  void noMoreWaitThanCanBeRemembered() {
    shared.ask().subscribe();
    List<String> ends = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      shared.ask().subscribe(answer -> ends.add("answered"), failure -> {}, () -> {});
    }
    shared.ask().subscribe(answer -> {}, failure -> {}, () -> ends.add("turned away"));
    assertThat(ends).containsExactly("turned away");
    questions.getFirst().tryEmitValue(1);
    questions.getLast().tryEmitValue(2);
    assertThat(ends).hasSize(10_001);
  }
}
