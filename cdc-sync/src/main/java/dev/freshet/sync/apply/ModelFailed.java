package dev.freshet.sync.apply;

/** A model's own SELECT or table refused a change; the batch is rolled back. */
final class ModelFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String model;
  private final ApplyFailed failure;

  private ModelFailed(String model, ApplyFailed failure) {
    super(failure.getMessage(), failure);
    this.model = model;
    this.failure = failure;
  }

  /** A model refused a change. */
  static ModelFailed of(String model, ApplyFailed cause) {
    return new ModelFailed(model, cause);
  }

  /** Runs a model's work; a failure that may be the model's fault becomes a ModelFailed. */
  static void watch(MaintainedModel model, Runnable work) {
    try {
      work.run();
    } catch (ApplyFailed e) {
      throw e.isByContent() || e.mayPass() ? of(model.name(), e) : e;
    }
  }

  /** Whether it is a matter of some rows alone. */
  boolean isByRows() {
    return failure.isByRows();
  }

  /** Whether it may be the server's trouble as well as the model's. */
  boolean mayPass() {
    return failure.mayPass();
  }

  String model() {
    return model;
  }

  ApplyFailed failure() {
    return failure;
  }

  String reason() {
    return "The read database refused to compute it: "
        + String.valueOf(getMessage()).lines().findFirst().orElse("");
  }
}
