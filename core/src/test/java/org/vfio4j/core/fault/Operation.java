// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.fault;

import java.util.List;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FaultyCaller;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioGroupStatus;

/** An operation of the core with the fallible steps it makes, in order, and what has to be there before. */
enum Operation {
    SET_CONTAINER("copy in", "look up", "claim") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return setContainer(calls, caller, calls.open(GROUP), calls.container());
        }
    },
    SET_CONTAINER_IOMMUFD("copy in", "look up", "ensureCompatIoas", "retain") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return setContainer(calls, caller, calls.open(GROUP), calls.iommufd());
        }
    },
    LATE_SET_CONTAINER("copy in", "look up", "claim", "attachGroup 2") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int container = calls.container();
            calls.setContainer(calls.open(GROUP), container);
            calls.setIommu(container, 3);
            return setContainer(calls, caller, calls.open("/dev/vfio/2"), container);
        }
    },
    SET_IOMMU("open fake3", "attachGroup 2", "attachGroup 1") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int container = calls.container();
            calls.setContainer(calls.open(GROUP), container);
            calls.setContainer(calls.open("/dev/vfio/2"), container);
            return () -> caller.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, 3);
        }
    },
    GET_STATUS("copy in", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int group = calls.open(GROUP);
            return () -> {
                VfioGroupStatus.argsz(calls.page(), VfioGroupStatus.SIZEOF);
                caller.ioctl(
                        group, VfioIoctl.VFIO_GROUP_GET_STATUS, calls.page().address());
            };
        }
    },
    GET_DEVICE_FD("copy in", "reserve", "registerDevice", "openDevice") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            world.ops(world.machine.find("dev-a")).dmaUnmap = (iova, length) -> {};
            return deviceFd(calls, caller, calls.groupWithContainer(GROUP, 3));
        }
    },
    SHARING_GET_DEVICE_FD("copy in", "reserve") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int group = calls.groupWithContainer(GROUP, 3);
            calls.deviceFd(group, "dev-a");
            return deviceFd(calls, caller, group);
        }
    },
    GET_DEVICE_FD_IOMMUFD("copy in", "reserve", "bind dev-a", "claim", "openDevice", "compatIoas", "attach") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int group = calls.open(GROUP);
            calls.setContainer(group, calls.iommufd());
            return deviceFd(calls, caller, group);
        }
    },
    BIND("copy in", "copy in", "look up", "retain", "bind dev-a", "claim", "openDevice", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return bind(calls, caller, calls.open(NODE));
        }
    },
    BIND_EMULATED("copy in", "copy in", "look up", "retain", "createAccess", "openDevice", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return bind(calls, caller, calls.open(EMULATED_NODE));
        }
    },
    ATTACH("copy in", "attach", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return attach(world, calls, caller, NODE);
        }
    },
    ATTACH_EMULATED("copy in", "attach access", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return attach(world, calls, caller, EMULATED_NODE);
        }
    },
    DETACH("copy in") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int file = calls.open(NODE);
            calls.bind(file, calls.iommufd());
            calls.attach(file, world.iommufd.contexts.getLast().allocateIoas(), 12, 0);
            return () -> {
                VfioDeviceDetachIommufdPt.argsz(calls.page(), VfioDeviceDetachIommufdPt.MIN_ARGSZ);
                VfioDeviceDetachIommufdPt.flags(calls.page(), 0);
                caller.ioctl(
                        file,
                        VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT,
                        calls.page().address());
            };
        }
    },
    GET_INFO("copy in", "copy out") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            int device = calls.deviceFd(calls.groupWithContainer(GROUP, 3), "dev-a");
            return () -> {
                VfioDeviceInfo.argsz(calls.page(), VfioDeviceInfo.MIN_ARGSZ);
                caller.ioctl(
                        device, VfioIoctl.VFIO_DEVICE_GET_INFO, calls.page().address());
            };
        }
    },
    REGISTER("init") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return register(world, "dev-b");
        }
    },
    REGISTER_EMULATED("init", "createPrivateGroup") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            return register(world, "emu");
        }
    },
    PIN("pin") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            world.ops(world.machine.find("dev-a")).dmaUnmap = (iova, length) -> {};
            calls.deviceFd(calls.groupWithContainer(GROUP, 3), "dev-a");
            return pin(world, "dev-a");
        }
    },
    PIN_IOMMUFD("pin") {
        @Override
        Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller) {
            world.ops(world.machine.find("emu")).dmaUnmap = (iova, length) -> {};
            int file = calls.open(EMULATED_NODE);
            calls.bind(file, calls.iommufd());
            calls.attach(file, world.iommufd.contexts.getLast().allocateIoas(), 12, 0);
            return pin(world, "emu");
        }
    };

    private static final String GROUP = "/dev/vfio/1";
    private static final String NODE = "/dev/vfio/devices/vfio0";
    private static final String EMULATED_NODE = "/dev/vfio/devices/vfio3";

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of.
    private final List<String> steps;

    Operation(String... steps) {
        this.steps = List.of(steps);
    }

    /** The steps that can fail. */
    List<String> steps() {
        return steps;
    }

    /** Does what has to be done before; the operation itself is what it returns, and may be tried again. */
    abstract Runnable prepare(CoreWorld world, RawCalls calls, FaultyCaller caller);

    private static Runnable setContainer(RawCalls calls, FaultyCaller caller, int group, int container) {
        return () -> {
            calls.page().set(UapiLayouts.S32, 0, container);
            caller.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, calls.page().address());
        };
    }

    private static Runnable deviceFd(RawCalls calls, FaultyCaller caller, int group) {
        return () -> {
            calls.page().setString(0, "dev-a");
            caller.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, calls.page().address());
        };
    }

    private static Runnable bind(RawCalls calls, FaultyCaller caller, int file) {
        int iommufd = calls.iommufd();
        return () -> {
            VfioDeviceBindIommufd.argsz(calls.page(), VfioDeviceBindIommufd.SIZEOF);
            VfioDeviceBindIommufd.flags(calls.page(), 0);
            VfioDeviceBindIommufd.iommufd(calls.page(), iommufd);
            caller.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, calls.page().address());
        };
    }

    private static Runnable attach(CoreWorld world, RawCalls calls, FaultyCaller caller, String node) {
        int file = calls.open(node);
        calls.bind(file, calls.iommufd());
        int ioas = world.iommufd.contexts.getLast().allocateIoas();
        return () -> {
            VfioDeviceAttachIommufdPt.argsz(calls.page(), VfioDeviceAttachIommufdPt.MIN_ARGSZ);
            VfioDeviceAttachIommufdPt.flags(calls.page(), 0);
            VfioDeviceAttachIommufdPt.ptId(calls.page(), ioas);
            caller.ioctl(
                    file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, calls.page().address());
        };
    }

    private static Runnable register(CoreWorld world, String device) {
        world.vfio().unbind(device);
        return () -> world.vfio().bind(device, FakeDriver.NAME);
    }

    private static Runnable pin(CoreWorld world, String name) {
        var device = world.ops(world.machine.find(name)).vfioDevice();
        return () -> {
            device.pinPages(0x10_0000, 1, Protection.READ, (phys, length) -> {});
            device.unpinPages(0x10_0000, 1);
        };
    }
}
