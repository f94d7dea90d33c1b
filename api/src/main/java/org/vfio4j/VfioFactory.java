// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** Made by the core and found with {@link java.util.ServiceLoader}; programs use {@link Vfio#open()}. */
public interface VfioFactory {
    /** Starts a host and loads every backend and bus driver on the module path. */
    Vfio open(VfioOptions options);
}
