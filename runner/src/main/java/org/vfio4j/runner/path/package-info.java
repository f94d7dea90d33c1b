// SPDX-License-Identifier: Apache-2.0
/** Paths that the program names: which lead into the machine's tree, and what is there. */
package org.vfio4j.runner.path;
