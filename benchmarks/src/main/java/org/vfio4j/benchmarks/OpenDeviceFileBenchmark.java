// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.MemorySegment;
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
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;

/**
 * A device file is opened and closed by raw calls, first open and last close included, beside other registered devices. Target:
 * at most 5 µs for a pair, and the same however many devices there are.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class OpenDeviceFileBenchmark {
    /** Groups of four devices. */
    @Param({"1", "250", "1000"})
    int groups;

    /** GET_DEVICE_FD of a group in a container; with an iommufd in its place; or the device's own node with BIND_IOMMUFD. */
    @Param({"container", "group-iommufd", "node"})
    String path = "";

    private Vfio vfio;
    private UapiProcess process;
    private MemorySegment argument;
    private int group;
    private int iommufd;
    private String node = "";

    /** Boots the machine; the device is the last one of the group in the middle. */
    @Setup
    public void boot() {
        System.setProperty(ManyDevicesHost.GROUPS, Integer.toString(groups));
        vfio = Vfio.open(VfioOptions.defaults().withHost(ManyDevicesHost.NAME));
        process = vfio.newProcess(ProcessOptions.root());
        argument = process.allocate(4096);
        int number = groups / 2;
        var device = number + "." + (ManyDevicesHost.PER_GROUP - 1);
        iommufd = process.open("/dev/iommu", UapiProcess.O_RDWR);
        if (path.equals("node")) {
            node = "/dev/vfio/devices/vfio" + vfio.device(device).index().orElseThrow();
            VfioDeviceBindIommufd.argsz(argument, VfioDeviceBindIommufd.SIZEOF);
            VfioDeviceBindIommufd.iommufd(argument, iommufd);
            return;
        }
        group = process.open("/dev/vfio/" + number, UapiProcess.O_RDWR);
        int container = process.open("/dev/vfio/vfio", UapiProcess.O_RDWR);
        argument.set(UapiLayouts.S32, 0, path.equals("container") ? container : iommufd);
        process.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, argument.address());
        if (path.equals("container")) {
            process.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, VfioExtension.VFIO_TYPE1v2_IOMMU);
        }
        argument.setString(0, device);
    }

    /** Powers it off. */
    @TearDown
    public void close() {
        process.close();
        vfio.close();
    }

    /** Opens and closes. */
    @Benchmark
    public int openClose() {
        int device;
        if (path.equals("node")) {
            device = process.open(node, UapiProcess.O_RDWR);
            process.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, argument.address());
        } else {
            device = (int) process.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, argument.address());
        }
        process.close(device);
        return device;
    }
}
