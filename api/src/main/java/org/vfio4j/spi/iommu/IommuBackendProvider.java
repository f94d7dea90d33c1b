// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.util.Optional;
import java.util.ServiceLoader;
import org.vfio4j.spi.module.KernelModule;

/**
 * Entry of a backend module, found with {@link ServiceLoader}. Stateless: the methods may be called many times.
 */
public interface IommuBackendProvider {
    /** Short name used in configuration and output, for example {@code type1}. */
    String name();

    /** One line for people. */
    String description();

    /**
     * Place in the order in which containers ask: the highest is asked first, as the newest registered driver is in the
     * kernel.
     */
    int priority();

    /** The kernel module whose part it plays, with those of the backend's options that are its parameters. */
    default Optional<KernelModule> kernelModule() {
        return Optional.empty();
    }

    /** The backend's container side, if it has one. */
    default Optional<ContainerDriver> containerDriver(BackendEnvironment environment) {
        return Optional.empty();
    }

    /** The backend's iommufd side, if it has one. */
    default Optional<IommufdDriver> iommufdDriver(BackendEnvironment environment) {
        return Optional.empty();
    }
}
