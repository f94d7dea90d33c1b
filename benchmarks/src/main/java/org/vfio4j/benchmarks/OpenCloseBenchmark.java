// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vfio4j.Device;
import org.vfio4j.Vfio;

/**
 * Open and close of a device with everything that belongs to a path: files, container or iommufd, DMA ownership, page tables,
 * and the driver's first open and last close, which resets the function.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class OpenCloseBenchmark {
    /** How the device is opened. */
    @Param({"type1v2", "iommufd", "group-iommufd", "spapr-v2"})
    String path = "";

    private DmaPath opened;
    private Vfio vfio;

    /** Boots the machine. */
    @Setup
    public void boot() {
        opened = DmaPath.of(path);
        vfio = Vfio.open();
    }

    /** Powers it off. */
    @TearDown
    public void close() {
        vfio.close();
    }

    /** Opens and closes. */
    @Benchmark
    public Device openClose() {
        Device device = vfio.open(opened.device, opened.options);
        device.close();
        return device;
    }
}
