// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** Tools for those who test drivers, backends and hosts. */
@NullMarked
module org.vfio4j.testing {
    requires transitive org.vfio4j.api;
    requires transitive org.junit.jupiter.api;
    requires org.junit.jupiter.params;
    requires org.assertj.core;
    requires static org.junit.platform.launcher;
    requires static org.jspecify;

    exports org.vfio4j.testing;
    exports org.vfio4j.testing.fixture;

    uses org.vfio4j.exercise.DeviceExercise;
}
