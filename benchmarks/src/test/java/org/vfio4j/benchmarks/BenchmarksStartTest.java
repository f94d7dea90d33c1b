// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Every benchmark can be set up, called and torn down, with each of its kinds and the smallest of its sizes. How long that takes
 * is of no interest here.
 */
class BenchmarksStartTest {
    static {
        System.setProperty("jmh.ignoreLock", "true"); // others on this machine may measure, here nothing is measured
    }

    static Stream<String> classes() {
        var silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
        return BenchmarkList.defaultList().getAll(silent, List.of()).stream()
                .map(BenchmarkListEntry::getUserClassQName)
                .distinct()
                .sorted();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("classes")
    void shouldStart(String benchmark) throws RunnerException {
        var once = new OptionsBuilder()
                .include("^" + Pattern.quote(benchmark) + "\\.")
                .param("live", "1000")
                .param("groups", "1")
                .param("mappings", "1")
                .param("gibibytes", "1")
                .mode(Mode.SingleShotTime)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementBatchSize(1)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        assertThat(new Runner(once).run()).as("results of %s", benchmark).isNotEmpty();
    }
}
