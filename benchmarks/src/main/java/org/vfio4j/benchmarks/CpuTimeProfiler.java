// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Processor time per operation, of the whole process, collector and compilers included: what an operation costs on a machine
 * that is busy with other work as well, where elapsed time counts the others' turns. {@code cpu} is the mean over all
 * iterations, {@code cpu.best} the lowest iteration: what remains when others disturb the caches least. Use:
 * {@code -prof org.vfio4j.benchmarks.CpuTimeProfiler}.
 */
public final class CpuTimeProfiler implements InternalProfiler {
    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private long before;

    /** Made by JMH. */
    public CpuTimeProfiler() {}

    @Override
    public String getDescription() {
        return "processor time per operation, of the whole process";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmarkParams, IterationParams iterationParams) {
        before = process.getProcessCpuTime();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmarkParams, IterationParams iterationParams, IterationResult result) {
        double used = process.getProcessCpuTime() - before;
        double perOperation = used / Math.max(1, result.getMetadata().getAllOps());
        return List.of(
                new ScalarResult("cpu", perOperation, "ns/op", AggregationPolicy.AVG),
                new ScalarResult("cpu.best", perOperation, "ns/op", AggregationPolicy.MIN));
    }
}
