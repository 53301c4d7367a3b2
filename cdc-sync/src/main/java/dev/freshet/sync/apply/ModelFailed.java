package dev.freshet.sync.apply;

/** A model's own SELECT or table refused a change; the batch is rolled back. */
final class ModelFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String model;

  private ModelFailed(String model, ApplyFailed cause) {
    super(cause.getMessage(), cause);
    this.model = model;
  }

  /** A model refused a change. */
  static ModelFailed of(String model, ApplyFailed cause) {
    return new ModelFailed(model, cause);
  }

  /** Runs a model's work; a failure that is the model's fault becomes a ModelFailed. */
  static void watch(MaintainedModel model, Runnable work) {
    try {
      work.run();
    } catch (ApplyFailed e) {
      throw e.isByContent() ? of(model.name(), e) : e;
    }
  }

  /** Whether it is a matter of some rows alone. */
  boolean isByRows() {
    return getCause() instanceof ApplyFailed failed && failed.isByRows();
  }

  String model() {
    return model;
  }

  String reason() {
    return "The read database refused to compute it: "
        + String.valueOf(getMessage()).lines().findFirst().orElse("");
  }
}
