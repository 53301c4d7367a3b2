package dev.freshet.sync.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChoicesTest {

  @Test
  void sameChoicesAreMadeAgain() {
    Choices first = new Choices(7);
    List<Integer> numbers = IntStream.range(0, 50).mapToObj(i -> first.nextInt(i + 1)).toList();
    Choices again = new Choices(first.made());
    assertThat(IntStream.range(0, 50).mapToObj(i -> again.nextInt(i + 1)).toList())
        .isEqualTo(numbers);
    assertThat(again.nextInt(9)).as("none is left").isZero();
    assertThat(new Choices(List.of(8)).nextInt(3)).as("fewer to choose from").isEqualTo(2);
  }

  @Test
  void onlyWhatIsNeededToFailIsLeft() {
    List<Integer> made = new ArrayList<>(IntStream.range(0, 200).mapToObj(i -> i % 7).toList());
    made.set(150, 99);
    assertThat(Choices.shrunk(made, choices -> choices.contains(99))).containsExactly(99);
    assertThat(Choices.shrunk(made, choices -> choices.size() > 3)).containsExactly(0, 0, 0, 0);
  }
}
